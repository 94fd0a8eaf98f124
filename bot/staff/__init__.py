"""The staff's chat: cards, taps and short commands; every right is asked by the use case, at each of them."""
