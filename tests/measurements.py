"""What a server shows at /metrics, read as Prometheus reads it."""

from prometheus_client.parser import text_string_to_metric_families


def samples_of(text):
    """Return every sample as (name, labels, value)."""
    return [
        (sample.name, sample.labels, sample.value)
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    ]


class Shown:
    """The samples of one scrape."""

    def __init__(self, text):
        self.text = text
        self.samples = samples_of(text)

    def value(self, name, **labels):
        """Return the one value with these labels, and others; None if there is none."""
        found = [
            value
            for each, has, value in self.samples
            if each == f"callspool_{name}" and labels.items() <= has.items()
        ]
        assert len(found) < 2, (name, labels, found)
        return found[0] if found else None

    def label_values(self):
        """Return every value of a label of ours, but the bounds of buckets."""
        return {
            value
            for name, labels, _ in self.samples
            if name.startswith("callspool_")
            for label, value in labels.items()
            if label != "le"
        }


async def scrape(running, **given):
    """Return what a running receiver shows; it must be a 200."""
    response = await running.client.get("/metrics", **given)
    assert response.status == 200, await response.text()
    return Shown(await response.text())
