// Package timeline reads files of real conversations, who wrote when, for the
// programs that replay them.
package timeline
