// The table of patients: sorted by a column, and those whose row holds what is sought.
"use strict";

const body = document.querySelector("tbody");
const rows = [...body.rows];
const search = document.querySelector("#search");
const found = document.querySelector("#found");

function value(row, column) {
  const cell = row.cells[column];
  return "value" in cell.dataset ? Number(cell.dataset.value) : cell.textContent.trim().toLowerCase();
}

for (const button of document.querySelectorAll("th button")) {
  button.addEventListener("click", () => {
    const heading = button.closest("th");
    const down = heading.getAttribute("aria-sort") !== "descending";
    for (const other of heading.parentElement.cells) other.removeAttribute("aria-sort");
    heading.setAttribute("aria-sort", down ? "descending" : "ascending");
    const order = down ? -1 : 1;
    rows.sort((a, b) => {
      const [x, y] = [value(a, heading.cellIndex), value(b, heading.cellIndex)];
      if (typeof x === "string" || typeof y === "string") return order * String(x).localeCompare(String(y), undefined, { numeric: true });
      if (Number.isNaN(x) || Number.isNaN(y)) return Number.isNaN(x) - Number.isNaN(y); // what was not measured comes last
      return order * (x - y);
    });
    body.append(...rows);
  });
}

search.addEventListener("input", () => {
  const sought = search.value.trim().toLowerCase();
  let count = 0;
  for (const row of rows) {
    row.hidden = !row.textContent.toLowerCase().includes(sought);
    count += !row.hidden;
  }
  found.textContent = sought ? `${count} found` : "";
});
document.querySelector("#searching").hidden = false;
