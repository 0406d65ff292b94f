// The district's outlines and the point, from our own data; no tiles are fetched from anywhere.
"use strict";

// A tap fills in the coordinates of the form around the map and tells it so.
function pickOn(map, spot, form) {
  form.querySelector(".picks").hidden = false;
  map.on("click", ({ latlng }) => {
    spot.setLatLng(latlng).addTo(map);
    form.elements.lat.value = latlng.lat.toFixed(6);
    form.elements.lon.value = latlng.lng.toFixed(6);
    form.elements.territory.value = "";
    form.dispatchEvent(new Event("placed"));
  });
}

for (const box of document.querySelectorAll(".map")) {
  const { outlines, lat, lon, territory, zoomIn, zoomOut } = box.dataset;
  fetch(outlines)
    .then((answer) => answer.json())
    .then((shapes) => {
      box.hidden = false;
      // Nothing has been picked yet: the whole district, without a spot.
      const point = lat && lon && Number.isFinite(+lat) && Number.isFinite(+lon) ? L.latLng(+lat, +lon) : null;
      const map = L.map(box, { attributionControl: false, zoomSnap: 0.25, scrollWheelZoom: false, zoomControl: false });
      L.control.zoom({ zoomInTitle: zoomIn, zoomOutTitle: zoomOut }).addTo(map);
      const areas = L.geoJSON(shapes, {
        style: (shape) => ({
          className: shape.properties.code === territory ? "area here" : "area",
          weight: 1,
        }),
        onEachFeature: (shape, layer) => layer.bindTooltip(shape.properties.name, { direction: "center" }),
      }).addTo(map);
      const spot = L.circleMarker(point || [0, 0], { radius: 9, className: `spot ${box.dataset.grade || ""}` });
      const home = areas.getLayers().find((layer) => layer.feature.properties.code === territory);
      const frame = (home || areas).getBounds();
      map.fitBounds(point ? frame.extend(point) : frame, { padding: [24, 24] });
      if (point) spot.addTo(map);
      if ("pick" in box.dataset) pickOn(map, spot, box.closest("form"));
    })
    .catch(() => box.remove());
}
