
// When an article is opened, its passage comes into view, and the keyboard is in the article.
watch("value", () => {
	const title = element.querySelector("h2");
	if (title !== null) {
		element.querySelector("mark")?.scrollIntoView({ block: "center" });
		title.focus({ preventScroll: true });
	}
});

element.addEventListener("keydown", (event) => {
	if (event.key === "Escape") {
		trigger("click", { what: "close" });
	}
});
