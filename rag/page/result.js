
// Of the passages that are shown, those that are kept are marked, wherever that is changed.
function mark() {
	const kept = stored(KEPT);
	for (const button of element.querySelectorAll("button[data-do='keep']")) {
		button.setAttribute("aria-pressed", String(kept.some((each) => isAt(each, button.dataset))));
	}
}

watch("value", mark);
window.addEventListener("storage", mark);
