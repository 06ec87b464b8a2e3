package qr

import "testing"

func BenchmarkPNG(b *testing.B) {
	for name, length := range map[string]int{"300": 300, "600": 600, "2420": 2420} {
		text := certificate(length)
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := PNG(text, Options{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkSVG(b *testing.B) {
	text := certificate(600)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := SVG(text, Options{}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkRead(b *testing.B) {
	p := drawn(b, certificate(600), Options{})
	for name, file := range map[string][]byte{
		"drawn":       pngFile(b, p.image()),
		"turned":      pngFile(b, p.turned(20).image()),
		"negative":    pngFile(b, p.invert().image()),
		"photo-2MP":   jpegFile(b, p.turned(5).placed(1600, 1250, 700, 300).image(), 80),
		"photo-12MP":  jpegFile(b, p.turned(5).scaled(2).placed(4000, 3000, 700, 300).image(), 80),
		"nothing-2MP": jpegFile(b, picture{30, 30, make([]byte, 900)}.placed(1600, 1250, 0, 0).image(), 80),
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Read(file); err != nil && name != "nothing-2MP" {
					b.Fatal(err)
				}
			}
		})
	}
}
