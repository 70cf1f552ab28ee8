module github.com/adjourn/adjourn/examples

go 1.26.0

require github.com/adjourn/adjourn v0.0.0

require golang.org/x/sync v0.24.0 // indirect

replace github.com/adjourn/adjourn => ../
