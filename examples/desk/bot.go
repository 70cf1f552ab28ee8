package main

import "context"

func (a *app) runBot(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }
