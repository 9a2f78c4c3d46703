"""Analytics: what the calls of a span were like, in figures that anybody can count again."""
