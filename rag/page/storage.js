// Lists that the browser keeps for this page. It may keep none, and what it has may be somebody else's.
const RECENT = "clippings.recent";
const KEPT = "clippings.kept";

function stored(name) {
	try {
		const found = JSON.parse(window.localStorage.getItem(name) ?? "[]");
		return Array.isArray(found) ? found : [];
	} catch {
		return [];
	}
}

function store(name, list) {
	try {
		window.localStorage.setItem(name, JSON.stringify(list));
		return true;
	} catch {
		return false;
	}
}
