package wycheproof

import "testing"

func encrypted(*testing.T, *tally) {}
