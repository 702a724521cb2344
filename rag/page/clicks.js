// What links within the page's own HTML do, and its buttons. `data-do` names it, the other data say with what. What
// is not done here is done by Python, which listens to the event of that kind.
const EVENTS = { read: "click", close: "click", days: "select", export: "download" };

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
	} else if (what === "forget") {
		store(RECENT, []);
		trigger("clear");
	} else if (what === "keep") {
		keep(data);
		trigger("like");
	} else {
		trigger(EVENTS[what], { what, ...data });
	}
});

// A note is stored as it is typed, so that whatever is pressed next knows it.
element.addEventListener("input", (event) => {
	const { do: what, ...data } = event.target.dataset;
	if (what === "note") {
		const kept = stored(KEPT);
		kept.filter((each) => isAt(each, data)).forEach((each) => { each.note = event.target.value; });
		store(KEPT, kept);
	}
});

// Keeps a citation or, where it is kept already, does so no longer.
function keep(data) {
	const kept = stored(KEPT);
	const others = kept.filter((each) => !isAt(each, data));
	const isThere = others.length < kept.length || data.kept === undefined;
	if (!store(KEPT, isThere ? others : [...kept, JSON.parse(data.kept)])) {
		window.alert("This browser stores no more for this page: save what is kept, then remove some of it.");
	}
	window.dispatchEvent(new Event("storage"));
}

function isAt(kept, { article, quoteStart, quoteEnd }) {
	const { citation } = kept;
	return citation?.article?.id === article
		&& citation.quote_start === Number(quoteStart) && citation.quote_end === Number(quoteEnd);
}

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

function tell(button, news) {
	const label = button.textContent;
	button.textContent = news;
	setTimeout(() => { button.textContent = label; }, 1500);
}
