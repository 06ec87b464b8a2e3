package main

import (
	"bytes"
	_ "embed"
	"html/template"
	"strconv"
	"strings"
	"time"

	"github.com/sanad-credentials/sanad/qr"
)

// writeCode writes a text as a QR code, as PNG and as SVG.
func writeCode(name, text string) error {
	picture, err := qr.PNG(text, qr.Options{})
	if err != nil {
		return err
	}
	if err := write(name+".png", picture); err != nil {
		return err
	}
	drawing, err := qr.SVG(text, qr.Options{})
	if err != nil {
		return err
	}
	return write(name+".svg", drawing)
}

//go:embed card.html
var cardHTML string

var cardTemplate = template.Must(template.New("card").Funcs(template.FuncMap{
	"english": englishDay, "arabic": arabicDay,
}).Parse(cardHTML))

// printed is one vaccination on the card, with its code.
type printed struct {
	dose
	Code template.HTML
}

// cardPage is the card as a page that needs nothing else: codes, style and
// pictures are in it, and the fonts are the reader's.
func cardPage(p *pilgrim, codes []string, issued, expires time.Time) ([]byte, error) {
	page := struct {
		*pilgrim
		Doses           []printed
		Issued, Expires string
	}{p, nil, issued.Format(time.DateOnly), expires.Format(time.DateOnly)}
	for i, d := range p.Doses {
		svg, err := qr.SVG(codes[i], qr.Options{Title: d.Vaccine})
		if err != nil {
			return nil, err
		}
		page.Doses = append(page.Doses, printed{d, template.HTML(svg)})
	}
	var out bytes.Buffer
	err := cardTemplate.Execute(&out, page)
	return out.Bytes(), err
}

// englishDay writes YYYY-MM-DD as "4 May 2026".
func englishDay(date string) (string, error) {
	t, err := time.Parse(time.DateOnly, date)
	return t.Format("2 January 2006"), err
}

var arabicMonths = [...]string{
	"يناير", "فبراير", "مارس", "أبريل", "مايو", "يونيو", "يوليو", "أغسطس", "سبتمبر", "أكتوبر", "نوفمبر", "ديسمبر",
}

// arabicDay writes YYYY-MM-DD as "٤ مايو ٢٠٢٦".
func arabicDay(date string) (string, error) {
	t, err := time.Parse(time.DateOnly, date)
	return arabicDigits(strconv.Itoa(t.Day())) + " " + arabicMonths[t.Month()-1] + " " + arabicDigits(strconv.Itoa(t.Year())), err
}

func arabicDigits(s string) string {
	return strings.Map(func(r rune) rune {
		if '0' <= r && r <= '9' {
			return r - '0' + '٠'
		}
		return r
	}, s)
}
