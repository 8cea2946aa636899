/*
 * What the page does beyond being read: tables that sort and filter, the theme, tooltips and keys
 * for charts, the copy button, the section that is in view, everything open when it is printed.
 */
(() => {
  "use strict";

  // ---------------------------------------------------------------- tables

  /**
   * By what a row is sorted in a column: a number, a text, or nothing.
   * @param {HTMLTableRowElement} row
   * @param {number} column
   * @returns {number|string|null}
   */
  function orderOf(row, column) {
    const cell = row.cells[column];
    const given = cell.dataset.value ?? (cell.classList.contains("number") ? "" : cell.textContent.trim());
    if (given === "" || given === "–") return null;
    const number = Number(given);
    return Number.isNaN(number) ? given : number;
  }

  /** Numbers before texts, texts as people sort them. */
  function compare(one, other) {
    if (typeof one === "number" && typeof other === "number") return one - other;
    if (typeof one === typeof other) return String(one).localeCompare(String(other), "en", { numeric: true });
    return typeof one === "number" ? -1 : 1;
  }

  /**
   * Sorts the rows by a column; rows without a value stay at the end, either way.
   * @param {HTMLTableElement} table
   * @param {number} column
   * @param {boolean} ascending
   */
  function sortBy(table, column, ascending) {
    const body = table.tBodies[0];
    const keyed = [...body.rows].map((row) => [orderOf(row, column), row]);
    const known = keyed.filter(([key]) => key !== null);
    known.sort(([one], [other]) => (ascending ? compare(one, other) : compare(other, one)));
    body.append(...known.map(([, row]) => row), ...keyed.filter(([key]) => key === null).map(([, row]) => row));
  }

  /** Numbers are asked for from the greatest on first, names from A. */
  function onSort(table, heading) {
    const before = heading.getAttribute("aria-sort");
    const ascending = before ? before !== "ascending" : !heading.classList.contains("number") && !heading.classList.contains("wide");
    for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
    heading.setAttribute("aria-sort", ascending ? "ascending" : "descending");
    sortBy(table, heading.cellIndex, ascending);
  }

  /** @param {HTMLTableElement} table */
  function makeSortable(table) {
    for (const heading of table.tHead.rows[0].cells) {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "sort";
      button.append(...heading.childNodes);
      button.addEventListener("click", () => onSort(table, heading));
      heading.append(button);
    }
  }

  /**
   * Shows the rows that have all the words that were typed.
   * @param {HTMLInputElement} field
   */
  function filterBy(field) {
    const rows = [...document.getElementById(field.dataset.filters).tBodies[0].rows];
    const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
    for (const row of rows) {
      const text = row.textContent.toLowerCase();
      row.hidden = !words.every((word) => text.includes(word));
    }
    const shown = rows.filter((row) => !row.hidden).length;
    field.parentElement.querySelector("[role=status]").textContent = words.length ? `${shown} of ${rows.length}` : "";
  }

  function startTables() {
    document.querySelectorAll("table[data-sortable]").forEach(makeSortable);
    for (const field of document.querySelectorAll("input[data-filters]")) {
      field.parentElement.hidden = false;
      field.addEventListener("input", () => filterBy(field));
    }
  }

  // ---------------------------------------------------------------- theme

  /** What was chosen before; browsers may forbid storage for files, which costs no more than that. */
  function storedTheme() {
    try {
      return localStorage.getItem("evalkit-theme");
    } catch {
      return null;
    }
  }

  function storeTheme(theme) {
    try {
      localStorage.setItem("evalkit-theme", theme);
    } catch {
      // It then holds until the page is closed.
    }
  }

  function startTheme() {
    const root = document.documentElement;
    const button = document.getElementById("theme");
    const system = matchMedia("(prefers-color-scheme: dark)");
    const isDark = () => (root.dataset.theme ? root.dataset.theme === "dark" : system.matches);
    const label = () => {
      button.textContent = isDark() ? "Light theme" : "Dark theme";
    };
    const stored = storedTheme();
    if (stored === "dark" || stored === "light") root.dataset.theme = stored;
    button.addEventListener("click", () => {
      root.dataset.theme = isDark() ? "light" : "dark";
      storeTheme(root.dataset.theme);
      label();
    });
    system.addEventListener("change", label);
    label();
    button.hidden = false;
  }

  // ---------------------------------------------------------------- charts

  const MARK = ".marks [aria-label]:not(.role-axis, .role-legend)";
  let told = null;

  /**
   * Says what a mark of a chart stands for, beside it.
   * @param {Element} mark
   */
  function tell(mark) {
    const tip = document.getElementById("tip");
    told?.classList.remove("told");
    told = mark;
    mark.classList.add("told");
    tip.textContent = mark.getAttribute("aria-label");
    tip.hidden = false;
    placeTip();
  }

  /** Above the mark if there is room, else below. */
  function placeTip() {
    if (!told) return;
    const tip = document.getElementById("tip");
    const place = told.getBoundingClientRect();
    const room = document.documentElement.clientWidth - tip.offsetWidth - 8;
    const left = place.left + place.width / 2 - tip.offsetWidth / 2;
    const above = place.top - tip.offsetHeight - 8;
    tip.style.left = `${Math.max(8, Math.min(left, room))}px`;
    tip.style.top = `${above < 8 ? place.bottom + 8 : above}px`;
  }

  function hush() {
    told?.classList.remove("told");
    told = null;
    document.getElementById("tip").hidden = true;
  }

  /** The marks of a drawing that say something, each thing once, but for its parts that hold others. */
  function marksOf(drawing) {
    const found = new Map();
    for (const mark of drawing.querySelectorAll(MARK)) {
      if (!mark.querySelector("[aria-label]")) found.set(mark.getAttribute("aria-label"), mark);
    }
    return [...found.values()];
  }

  /** Arrow keys walk along the marks of a drawing that has the focus. */
  function onChartKey(event) {
    const marks = marksOf(event.currentTarget);
    const steps = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };
    if (event.key === "Escape") hush();
    if (!(event.key in steps) || !marks.length) return;
    event.preventDefault();
    const at = marks.indexOf(told);
    const next = at < 0 ? (steps[event.key] > 0 ? 0 : marks.length - 1) : at + steps[event.key];
    const mark = marks[(next + marks.length) % marks.length];
    mark.scrollIntoView({ block: "nearest", inline: "nearest" });
    tell(mark);
  }

  function startCharts() {
    for (const drawing of document.querySelectorAll(".drawing")) {
      drawing.addEventListener("keydown", onChartKey);
      drawing.addEventListener("blur", hush);
      drawing.addEventListener("pointerleave", hush);
      drawing.addEventListener("pointerover", (event) => {
        const mark = event.target.closest(MARK);
        if (mark && !mark.querySelector("[aria-label]")) tell(mark);
        else hush();
      });
    }
    addEventListener("scroll", placeTip, { passive: true, capture: true });
  }

  // ---------------------------------------------------------------- the rest

  /** Copies a text; where that is forbidden, selects it, so that a key does. */
  async function copy(button) {
    const source = document.getElementById(button.dataset.copies);
    try {
      await navigator.clipboard.writeText(source.textContent);
      button.textContent = "Copied";
    } catch {
      getSelection().selectAllChildren(source);
      button.textContent = "Selected";
    }
    setTimeout(() => {
      button.textContent = "Copy";
    }, 2000);
  }

  function startCopying() {
    for (const button of document.querySelectorAll("button[data-copies]")) {
      button.hidden = false;
      button.addEventListener("click", () => copy(button));
    }
  }

  /** Marks the link of the section that is being read. */
  function startNavigation() {
    const links = new Map([...document.querySelectorAll("nav a[href^='#']")].map((link) => [link.hash.slice(1), link]));
    const seen = new IntersectionObserver(
      (entries) => {
        for (const { isIntersecting, target } of entries) {
          if (!isIntersecting) continue;
          for (const link of links.values()) link.removeAttribute("aria-current");
          const link = links.get(target.id);
          link?.setAttribute("aria-current", "true");
          const list = link?.closest("ul");
          if (list) list.scrollLeft = link.offsetLeft - list.clientWidth / 2 + link.offsetWidth / 2;
        }
      },
      { rootMargin: "-15% 0px -75% 0px" },
    );
    document.querySelectorAll("main > section[id]").forEach((section) => seen.observe(section));
  }

  /** On paper nothing can be opened. */
  function startPrinting() {
    let closed = [];
    addEventListener("beforeprint", () => {
      closed = [...document.querySelectorAll("main details:not([open])")];
      for (const details of closed) details.open = true;
    });
    addEventListener("afterprint", () => {
      for (const details of closed) details.open = false;
    });
  }

  startTheme();
  startTables();
  startCharts();
  startCopying();
  startNavigation();
  startPrinting();
})();
