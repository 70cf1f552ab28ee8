package main

import (
	"os/exec"
	"runtime"
)

// openBrowser shows a page, where there is a program that can. Whoever has none
// finds the address in the output.
func openBrowser(url string) {
	var command *exec.Cmd
	switch runtime.GOOS {
	case "darwin":
		command = exec.Command("open", url)
	case "windows":
		command = exec.Command("rundll32", "url.dll,FileProtocolHandler", url)
	default:
		command = exec.Command("xdg-open", url)
	}
	if command.Start() == nil {
		go func() { _ = command.Wait() }() // whatever becomes of it
	}
}
