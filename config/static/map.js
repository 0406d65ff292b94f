// The district's outlines and the point, from our own data; no tiles are fetched from anywhere.
"use strict";

for (const box of document.querySelectorAll(".map")) {
  const { outlines, lat, lon, territory, zoomIn, zoomOut } = box.dataset;
  fetch(outlines)
    .then((answer) => answer.json())
    .then((shapes) => {
      box.hidden = false;
      const point = L.latLng(+lat, +lon);
      const map = L.map(box, { attributionControl: false, zoomSnap: 0.25, scrollWheelZoom: false, zoomControl: false }).setView(point, 12);
      L.control.zoom({ zoomInTitle: zoomIn, zoomOutTitle: zoomOut }).addTo(map);
      const areas = L.geoJSON(shapes, {
        style: (shape) => ({
          className: shape.properties.code === territory ? "area here" : "area",
          weight: 1,
        }),
        onEachFeature: (shape, layer) => layer.bindTooltip(shape.properties.name, { direction: "center" }),
      }).addTo(map);
      L.circleMarker(point, { radius: 9, className: `spot ${box.dataset.grade}` }).addTo(map);
      const home = areas.getLayers().find((layer) => layer.feature.properties.code === territory);
      map.fitBounds((home ? home.getBounds() : areas.getBounds()).extend(point), { padding: [24, 24] });
    })
    .catch(() => box.remove());
}
