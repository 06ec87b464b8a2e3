package qr_test

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/sanad-credentials/sanad/qr"
)

// A certificate goes on paper and comes back as the same text.
func Example() {
	picture, err := qr.PNG("HC1:6BFOXN*TS0BI$ZD4N9:9S6RCVN5+O30K3", qr.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	text, err := qr.Read(picture)
	fmt.Println(text, err)
	// Output: HC1:6BFOXN*TS0BI$ZD4N9:9S6RCVN5+O30K3 <nil>
}

func ExampleSVG() {
	drawing, err := qr.SVG("HC1:6BF", qr.Options{Scale: 4, Title: "Vaccination certificate"})
	if err != nil {
		fmt.Println(err)
		return
	}
	head, _, _ := bytes.Cut(drawing, []byte("<rect"))
	fmt.Printf("%s\n", head)
	// Output: <svg xmlns="http://www.w3.org/2000/svg" width="116" height="116" viewBox="0 0 29 29" role="img" shape-rendering="crispEdges"><title>Vaccination certificate</title>
}

func ExampleRead() {
	_, err := qr.Read([]byte("HC1:6BF"))
	fmt.Println(errors.Is(err, qr.ErrImage), err)
	// Output: true qr: not a picture that can be read: neither PNG nor JPEG
}
