
// When an article is opened, its passage comes into view, and the keyboard is in the article; when it is closed, the
// keyboard is where it was.
let opener = null;

watch("value", () => {
	const title = element.querySelector("h2");
	if (title === null) {
		// Unless it has gone elsewhere meanwhile.
		if (document.activeElement === document.body) {
			opener?.focus();
		}
		opener = null;
		return;
	}
	if (!element.contains(document.activeElement)) {
		opener = document.activeElement;
	}
	element.querySelector("mark")?.scrollIntoView({ block: "center" });
	title.focus({ preventScroll: true });
});

element.addEventListener("keydown", (event) => {
	if (event.key === "Escape") {
		trigger("click", { what: "close" });
	}
});
