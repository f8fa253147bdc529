/**
 * Very many calls, one after another, beside a control that no software of ours can disturb: how far the slowest calls are
 * from the usual ones, and whether memory grows. A program of its own, since that takes long and wants a quiet machine.
 */
package org.clip4j.benchmarks.soak;
