// A question with what its answer is narrowed to has an address of its own, which opens the same view, and is among
// the recent ones.
const MOST = 12;
if (query !== window.location.search) {
	window.history.pushState(null, "", window.location.pathname + query);
}
window.onpopstate = () => window.location.reload();
if (query !== "") {
	store(RECENT, [query, ...stored(RECENT).filter((each) => each !== query)].slice(0, MOST));
}
