package main

import (
	"fmt"
	"os"
	"testing"
)

// TestMain lets the test binary be the processes that the example starts.
func TestMain(m *testing.M) {
	if os.Getenv(fileVariable) != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

func Example() {
	if err := run(os.Stdout); err != nil {
		fmt.Println(err)
	}
	// Output:
	// 09:00  snoozed until 12:00
	// 09:00  the process was killed
	// 13:00  1h0m0s late: The snooze is over; the conversation is back with ann
	// 13:01  nothing is due
}
