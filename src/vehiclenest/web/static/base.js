// Comfort only: every page works without this file.
"use strict";
// A form is sent once, however often a gloved finger hits the button.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.dataset.sent) { event.preventDefault(); return; }
  form.dataset.sent = "yes";
  setTimeout(() => { delete form.dataset.sent; }, 5000);
});
// A select marked so sends its form by itself.
document.addEventListener("change", (event) => {
  if (event.target.matches("[data-send]")) event.target.form.requestSubmit();
});
// A page with work in progress looks again by itself.
const refresh = document.querySelector("[data-refresh]");
if (refresh) setTimeout(() => location.reload(), 1000 * Number(refresh.dataset.refresh));
// A file that is dropped on its form is chosen.
for (const form of document.querySelectorAll("form.drop")) {
  form.addEventListener("dragover", (event) => event.preventDefault());
  form.addEventListener("drop", (event) => {
    event.preventDefault();
    form.querySelector("input[type=file]").files = event.dataTransfer.files;
  });
}
