module github.com/adjourn/adjourn/examples

go 1.26.0

require github.com/adjourn/adjourn v0.0.0

replace github.com/adjourn/adjourn => ../
