// Package plots draws the plots of closing reports: the resolved share along the
// time, how closings were graded, how long everything took. Each is an [SVG], which
// a page can contain or refer to.
package plots
