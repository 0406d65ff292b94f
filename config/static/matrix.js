// Comfort only: every link of the matrix leads to a whole page without this file.
"use strict";

const drawer = document.getElementById("cell");
if (drawer) {
  document.body.addEventListener("htmx:afterSwap", (event) => {
    if (event.detail.target === drawer && !drawer.open) drawer.showModal();
  });
  // A tap beside the drawer closes it.
  drawer.addEventListener("click", (event) => event.target === drawer && drawer.close());
  drawer.addEventListener("close", () => drawer.replaceChildren());
}

// A street chosen by name takes the place of a point on the map, and the other way round.
const ask = document.getElementById("ask");
ask?.elements.territory.addEventListener("change", () => {
  ask.elements.lat.value = ask.elements.lon.value = "";
});
