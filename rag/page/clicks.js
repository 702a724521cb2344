// What links within the page's own HTML do, and its buttons. `data-do` names it, the other data say with what:
// copy and save a text, print, close what holds the button, and whatever else there is by Python.
element.addEventListener("click", async (event) => {
	const link = event.target.closest("a[href^='#']");
	if (link !== null) {
		// By itself it would lead to the page's first address, which is the base of all links.
		event.preventDefault();
		element.querySelector(link.getAttribute("href"))?.scrollIntoView();
		return;
	}
	const button = event.target.closest("button[data-do]");
	if (button === null) {
		return;
	}
	const { do: what, ...data } = button.dataset;
	if (what === "copy") {
		await copy(data.text);
		tell(button, "Copied");
	} else if (what === "save") {
		save(data.text, data.name);
	} else if (what === "print") {
		window.print();
	} else {
		trigger("click", { what, ...data });
	}
});

async function copy(text) {
	if (navigator.clipboard !== undefined) {
		await navigator.clipboard.writeText(text);
		return;
	}
	// Browsers give a clipboard only to pages of this machine and of https.
	const area = document.createElement("textarea");
	area.value = text;
	document.body.append(area);
	area.select();
	document.execCommand("copy");
	area.remove();
}

function save(text, name) {
	const link = document.createElement("a");
	link.href = URL.createObjectURL(new Blob([text], { type: "text/plain;charset=utf-8" }));
	link.download = name;
	link.click();
	URL.revokeObjectURL(link.href);
}

function tell(button, news) {
	const label = button.textContent;
	button.textContent = news;
	setTimeout(() => { button.textContent = label; }, 1500);
}
