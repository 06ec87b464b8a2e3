package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// walkthroughs are pages of docs/ that are followed command by command, from
// the root of a fresh clone.
var walkthroughs = []string{"join.md", "run-a-network.md"}

// step is a block of commands, with the lines that it is said to print: those of
// a block of text that follows it.
type step struct {
	line           int
	commands, want string
}

// steps reads the ```sh blocks of a page, and the ```text block behind each.
func steps(t testing.TB, page string) []step {
	t.Helper()
	var out []step
	var lang, block string
	fence := 0
	for i, line := range strings.Split(page, "\n") {
		mark, opens := strings.CutPrefix(line, "```")
		switch {
		case !opens && fence > 0:
			block += line + "\n"
		case opens && fence == 0:
			lang, block, fence = mark, "", i+1
		case opens:
			switch lang {
			case "sh":
				out = append(out, step{line: fence, commands: block})
			case "text":
				require.NotEmpty(t, out, "line %d: output of no command", fence)
				out[len(out)-1].want += block
			}
			fence = 0
		}
	}
	require.Zero(t, fence, "a block is not closed")
	return out
}

// follow runs the steps in one shell, as a reader would, and returns what each
// printed. Whatever they write goes to a folder of the test's own.
func follow(t testing.TB, steps []step) []string {
	t.Helper()
	const marker = "==== step "
	var script strings.Builder
	for _, s := range steps {
		fmt.Fprintf(&script, "echo '%s%d'\n%s", marker, s.line, s.commands)
	}
	root, err := filepath.Abs("../..")
	require.NoError(t, err)
	tmp := t.TempDir()
	cmd := exec.CommandContext(t.Context(), "bash", "-euo", "pipefail", "-c", script.String())
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "TMPDIR="+tmp, "LC_ALL=C")
	raw, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", raw)
	parts := strings.Split(string(raw), marker)[1:]
	require.Len(t, parts, len(steps))
	return parts
}

// TestPromiseDocumentedCommandsWork follows the walkthroughs. A block stands for
// commands that succeed, and prints every line of the text behind it.
func TestPromiseDocumentedCommandsWork(t *testing.T) {
	for _, name := range walkthroughs {
		t.Run(name, func(t *testing.T) {
			page, err := os.ReadFile(filepath.Join("..", "..", "docs", name))
			require.NoError(t, err)
			steps := steps(t, string(page))
			require.NotEmpty(t, steps)
			for i, got := range follow(t, steps) {
				for line := range strings.Lines(steps[i].want) {
					require.Contains(t, got, strings.TrimRight(line, "\n"), "%s:%d", name, steps[i].line)
				}
			}
		})
	}
}

func TestStepsOfAPage(t *testing.T) {
	page := "# A\n```sh\necho one; cd /\n```\n```text\none\n```\nwords\n```go\nx\n```\n```sh\npwd || echo 1\n```\n"
	got := steps(t, page)
	require.Equal(t, []step{{2, "echo one; cd /\n", "one\n"}, {12, "pwd || echo 1\n", ""}}, got)
	out := follow(t, got)
	require.Equal(t, []string{"2\none\n", "12\n/\n"}, out, "one shell")
}
