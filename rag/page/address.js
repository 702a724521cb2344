// A question with what its answer is narrowed to has an address of its own, which opens the same view.
(query) => {
	if (query !== window.location.search) {
		window.history.pushState(null, "", window.location.pathname + query);
	}
	window.onpopstate = () => window.location.reload();
}
