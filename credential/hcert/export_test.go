package hcert

// Inflate is inflate, for the conformance test of that step alone.
var Inflate = inflate
