
// Of the passages that are shown, those that are kept are marked, wherever that is changed.
function mark() {
	const kept = stored(KEPT);
	for (const button of element.querySelectorAll("button[data-do='keep']")) {
		button.setAttribute("aria-pressed", String(kept.some((each) => isAt(each, button.dataset))));
	}
}

watch("value", mark);
window.addEventListener("storage", mark);

// What is hidden until all parts are there can be focused no earlier.
function begin() {
	const question = document.querySelector("#question textarea");
	if (question === null || !question.checkVisibility({ visibilityProperty: true })) {
		requestAnimationFrame(begin);
	} else if (document.activeElement === document.body) {
		question.focus();
	}
}

begin();
