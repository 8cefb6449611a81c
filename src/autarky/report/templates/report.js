"use strict";
for (const table of document.querySelectorAll("[data-filter]")) {
  const rows = [...table.querySelectorAll("[data-row]")];
  const label = document.createElement("label");
  label.className = "filter";
  label.append(table.dataset.filter + " ");
  const box = document.createElement("input");
  box.type = "search";
  const count = document.createElement("output");
  label.append(box, " ", count);
  table.before(label);
  box.addEventListener("input", () => {
    const words = box.value.toLowerCase().split(/\s+/);
    let shown = 0;
    for (const row of rows) {
      const text = row.textContent.toLowerCase();
      row.hidden = !words.every((word) => text.includes(word));
      shown += row.hidden ? 0 : 1;
    }
    count.value = `${shown} of ${rows.length}`;
  });
}
addEventListener("beforeprint", () => {
  for (const part of document.querySelectorAll("details.print")) part.open = true;
});
