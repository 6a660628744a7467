// Comfort only: a hand scanner types into the field by itself, and a person may.
"use strict";
// A hand scanner ends with Enter: it leads to the next field instead of sending a form that is not filled in.
for (const field of document.querySelectorAll("[data-scan]")) {
  field.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    const fields = [...field.form.querySelectorAll("input:not([type=hidden]), select")];
    fields[fields.indexOf(field) + 1].focus();
  });
}
// A camera reads the bar code or DataMatrix of a plate, where the browser can.
async function scan(field, picture, button) {
  const formats = ["code_39", "code_128", "data_matrix", "qr_code", "pdf417"];
  const supported = await BarcodeDetector.getSupportedFormats();
  const detector = new BarcodeDetector({ formats: formats.filter((format) => supported.includes(format)) });
  const stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
  const end = () => { for (const track of stream.getTracks()) track.stop(); picture.hidden = true; };
  button.onclick = end;
  picture.srcObject = stream;
  picture.hidden = false;
  await picture.play();
  while (!picture.hidden) {
    for (const found of await detector.detect(picture)) {
      // Code 39 on plates often starts with an I that is no part of the number.
      const vin = found.rawValue.toUpperCase().replace(/^I(?=[A-HJ-NPR-Z0-9]{17}$)/, "").match(/[A-HJ-NPR-Z0-9]{17}/);
      if (vin) { field.value = vin[0]; end(); field.focus(); }
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
if ("BarcodeDetector" in window && navigator.mediaDevices) {
  for (const button of document.querySelectorAll("[data-camera]")) {
    const field = document.getElementById(button.dataset.camera);
    const picture = document.querySelector(`[data-camera-picture="${button.dataset.camera}"]`);
    button.hidden = false;
    const start = () => scan(field, picture, button).catch(() => { picture.hidden = true; }).finally(() => { button.onclick = start; });
    button.onclick = start;
  }
}
