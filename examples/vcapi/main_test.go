package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// start runs the program and returns what it says of itself.
func start(t *testing.T, args ...string) (description, func() int) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	out, in := io.Pipe()
	ended := make(chan int, 1)
	var stderr bytes.Buffer
	go func() { ended <- run(ctx, append([]string{"-addr", "127.0.0.1:0"}, args...), in, &stderr) }()
	line, err := bufio.NewReader(out).ReadBytes('\n')
	require.NoError(t, err)
	var d description
	require.NoError(t, json.Unmarshal(line, &d))
	stop := func() int {
		cancel()
		select {
		case code := <-ended:
			require.Empty(t, stderr.String())
			return code
		case <-time.After(15 * time.Second):
			t.Fatal("the server does not stop")
			return -1
		}
	}
	return d, stop
}

func TestRun(t *testing.T) {
	d, stop := start(t)
	require.True(t, strings.HasPrefix(d.Base, "http://127.0.0.1:"), d.Base)
	require.Empty(t, d.Certificate)
	kinds := map[string]bool{}
	for _, i := range d.Issuers {
		kinds[i.KeyType] = true
		require.True(t, strings.HasPrefix(i.VerificationMethod, i.ID+"#"))
		body, err := json.Marshal(object{"credential": example(i.ID)})
		require.NoError(t, err)
		r, err := http.Post(i.Issue, "application/json", bytes.NewReader(body))
		require.NoError(t, err)
		require.Equal(t, http.StatusCreated, r.StatusCode)
		var issued object
		require.NoError(t, json.NewDecoder(r.Body).Decode(&issued))
		r.Body.Close()
		require.Equal(t, i.Cryptosuite, issued["verifiableCredential"].(object)["proof"].(object)["cryptosuite"])
		if i.Cryptosuite == "ecdsa-sd-2023" || i.Cryptosuite == "bbs-2023" {
			issued["options"] = object{"selectivePointers": []any{"/credentialSubject"}}
			body, err = json.Marshal(issued)
			require.NoError(t, err)
			r, err = http.Post(d.Endpoints["derive"], "application/json", bytes.NewReader(body))
			require.NoError(t, err)
			issued = nil
			require.NoError(t, json.NewDecoder(r.Body).Decode(&issued))
			r.Body.Close()
		}
		body, err = json.Marshal(issued)
		require.NoError(t, err)
		r, err = http.Post(d.Endpoints["verify"], "application/json", bytes.NewReader(body))
		require.NoError(t, err)
		r.Body.Close()
		require.Equal(t, http.StatusOK, r.StatusCode)
	}
	require.Len(t, kinds, 4)
	r, err := http.Get(d.Base)
	require.NoError(t, err)
	var again description
	require.NoError(t, json.NewDecoder(r.Body).Decode(&again))
	r.Body.Close()
	require.Equal(t, d, again, "GET / tells the same")
	http.DefaultClient.CloseIdleConnections()
	require.Equal(t, exitDone, stop())
	_, err = http.Get(d.Base)
	require.Error(t, err)
}

func TestRunTLS(t *testing.T) {
	d, stop := start(t, "-tls")
	require.True(t, strings.HasPrefix(d.Base, "https://127.0.0.1:"), d.Base)
	pool := x509.NewCertPool()
	require.True(t, pool.AppendCertsFromPEM([]byte(d.Certificate)))
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}
	c := &http.Client{Transport: transport}
	r, err := c.Get(d.Base)
	require.NoError(t, err)
	r.Body.Close()
	require.Equal(t, http.StatusOK, r.StatusCode)
	r, err = c.Get(strings.Replace(d.Base, "127.0.0.1", "localhost", 1))
	require.NoError(t, err)
	r.Body.Close()
	transport.CloseIdleConnections()
	require.Equal(t, exitDone, stop())
}

func TestRunBase(t *testing.T) {
	d, stop := start(t, "-base", "https://issuer.example/", "-status")
	require.Equal(t, "https://issuer.example", d.Base)
	require.Equal(t, "https://issuer.example/credentials/issue", d.Endpoints["issue"])
	require.Equal(t, exitDone, stop())
}

func TestRunRefuses(t *testing.T) {
	for name, row := range map[string]struct {
		args []string
		want int
	}{
		"an unknown flag":  {[]string{"-colour"}, exitUsage},
		"an argument":      {[]string{"file.json"}, exitUsage},
		"an empty host":    {[]string{"-allow", ""}, exitUsage},
		"no address":       {[]string{"-addr", "nowhere"}, exitFailed},
		"help":             {[]string{"-h"}, exitDone},
		"a taken address?": {[]string{"-addr", "127.0.0.1:-1"}, exitFailed},
	} {
		t.Run(name, func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			require.Equal(t, row.want, run(t.Context(), row.args, &stdout, &stderr))
			require.Empty(t, stdout.String())
			require.NotEmpty(t, stderr.String())
		})
	}
}
