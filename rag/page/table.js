// The field that searches the table has no name of its own.
function name() {
	const field = document.querySelector("#articles .search-input");
	if (field === null) {
		requestAnimationFrame(name);
	} else {
		field.setAttribute("aria-label", "Search the articles");
	}
}

name();
