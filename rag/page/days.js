
// Days are chosen from the browser's own calendar, which gives ISO text. The fields are there once all of this part is.
setTimeout(() => {
	for (const field of document.querySelectorAll("#since input, #until input")) {
		field.type = "date";
	}
});
