"""The report: one HTML page over the marts that needs no network.

A chart is a folder in `sql/report/`: its query, and `chart.json` with its title, what it says, and
its Vega-Lite spec. It is found by being there. Vega, Vega-Lite and vega-embed are in
`third_party/`, with their licences, and go into the page.
"""
