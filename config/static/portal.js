// One's own objects on the outlines of the district; no tiles are fetched from anywhere.
"use strict";

const box = document.querySelector(".points");
const points = JSON.parse(document.getElementById("points").textContent);
fetch(box.dataset.outlines)
  .then((answer) => answer.json())
  .then((shapes) => {
    box.hidden = false;
    const map = L.map(box, { attributionControl: false, zoomSnap: 0.25, scrollWheelZoom: false, zoomControl: false });
    L.control.zoom({ zoomInTitle: box.dataset.zoomIn, zoomOutTitle: box.dataset.zoomOut }).addTo(map);
    const areas = L.geoJSON(shapes, { style: { className: "area", weight: 1 }, interactive: false });
    const frame = L.latLngBounds(points.map(({ lat, lon }) => [lat, lon]));
    map.fitBounds(points.length > 1 ? frame : areas.getBounds(), { padding: [32, 32], maxZoom: 15 });
    areas.addTo(map);
    for (const { lat, lon, name } of points) {
      // As text: a name is nobody's markup.
      const label = document.createElement("span");
      label.textContent = name;
      L.circleMarker([lat, lon], { radius: 7, className: "spot" }).bindTooltip(label).addTo(map);
    }
  })
  .catch(() => box.remove());
