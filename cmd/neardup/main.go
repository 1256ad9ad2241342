// Command neardup finds near-duplicate texts and removes or reports them.
package main

import (
	"context"
	"io"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	signal.Ignore(syscall.SIGPIPE) // a write tells as well, and leaves time to close
	widenPipe(os.Stdin)
	ctx, signalled := untilSignal()
	os.Exit(run(ctx, signalled, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// run executes a command line and returns the exit code.
func run(ctx context.Context, signalled func() os.Signal, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	s := &streams{in: stdin, out: stdout, err: stderr}
	root := newRoot(s)
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	return s.report(err, signalled())
}

// untilSignal returns a context that ends with the first interrupt. The second one kills.
func untilSignal() (context.Context, func() os.Signal) {
	ctx, cancel := context.WithCancel(context.Background())
	c := make(chan os.Signal, 1)
	signal.Notify(c, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	var got os.Signal
	go func() {
		got = <-c
		signal.Stop(c)
		cancel()
	}()
	return ctx, func() os.Signal {
		if ctx.Err() == nil {
			return nil
		}
		return got
	}
}
