package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/sanad-credentials/sanad/internal/limits"
	"github.com/sanad-credentials/sanad/qr"
)

type qrCmd struct {
	Out   string `placeholder:"FILE" xor:"direction" help:"Write a QR code, as .png or .svg by the file's name."`
	Read  string `placeholder:"FILE" xor:"direction" help:"Read the QR code in a PNG or JPEG."`
	Scale int    `help:"Width of a module in pixels; 6 without it."`

	Text string `arg:"" optional:"" help:"What to encode: a file of that name or, without one, the text itself; standard input without it, or for '-'."`
}

// Run writes or reads a QR code.
func (c *qrCmd) Run(e *env) error {
	switch {
	case c.Out == "" && c.Read == "":
		return usagef("qr needs --out, to write a code, or --read")
	case c.Read != "" && (c.Text != "" || c.Scale != 0):
		return usagef("qr --read takes neither a text nor --scale")
	case c.Read != "":
		raw, err := e.read(c.Read, limits.Image)
		if err != nil {
			return err
		}
		text, err := qr.Read(raw)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintln(e.stdout, text)
		return err
	}
	text, err := c.text(e)
	if err != nil {
		return err
	}
	picture, err := draw(c.Out, text, qr.Options{Scale: c.Scale})
	if err != nil {
		return err
	}
	return write(c.Out, picture, 0o644)
}

func (c *qrCmd) text(e *env) (string, error) {
	name := c.Text
	if name == "" {
		name = stdio
	}
	if name != stdio {
		// A name too long for a file is no file either.
		if _, err := os.Stat(name); errors.Is(err, fs.ErrNotExist) || err != nil && len(name) > 255 {
			e.note("no file has this name: the text itself is encoded")
			return name, nil
		}
	}
	raw, err := e.read(name, limits.Credential)
	return string(trimText(raw)), err
}

// draw makes the picture that the file's name asks for.
func draw(name, text string, o qr.Options) ([]byte, error) {
	switch strings.ToLower(filepath.Ext(name)) {
	case ".png":
		return qr.PNG(text, o)
	case ".svg":
		return qr.SVG(text, o)
	}
	return nil, usagef("%s: a picture's name ends in .png or .svg", name)
}
