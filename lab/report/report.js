/*
 * What the report does beyond lying there: says which run is nearest to the
 * pointer, and unpacks consoles. The pages can be read without it.
 * SPDX-License-Identifier: BSD-2-Clause
 */
"use strict";

function pick(plot, words, event)
{
	let best = null, nearest = Infinity;
	for (const dot of plot.querySelectorAll("circle")) {
		const box = dot.getBoundingClientRect();
		const far = Math.hypot(box.x + box.width / 2 - event.clientX,
		    (box.y + box.height / 2 - event.clientY) / 4);
		if (far < nearest)
			[best, nearest] = [dot, far];
	}
	if (best === null)
		return;
	plot.querySelector(".on")?.classList.remove("on");
	best.classList.add("on");
	const text = best.querySelector("title").textContent;
	const found = /^(.*), run ((\d{4})(\d\d)(\d\d)T(\d\d)(\d\d).*-(\w+?)(-\d+)?)$/.exec(text);
	if (words === null || found === null)
		return;
	const [, figure, run, year, month, day, hour, minute, commit] = found;
	const link = document.createElement("a");
	link.href = plot.dataset.runs + run + ".html";
	link.textContent = commit;
	words.replaceChildren(figure + ", commit ", link,
	    `, ${year}-${month}-${day} ${hour}:${minute} UTC`);
}

for (const plot of document.querySelectorAll("figure.plot")) {
	const next = plot.nextElementSibling;
	const words = next?.classList.contains("picked") ? next : null;
	for (const kind of ["pointermove", "click"])
		plot.addEventListener(kind, event => pick(plot, words, event));
}

for (const log of document.querySelectorAll("pre[data-gzip]")) {
	const bytes = Uint8Array.from(atob(log.dataset.gzip),
	    letter => letter.charCodeAt(0));
	const plain = new Blob([bytes]).stream()
	    .pipeThrough(new DecompressionStream("gzip"));
	new Response(plain).text().then(text => { log.textContent = text; });
}
