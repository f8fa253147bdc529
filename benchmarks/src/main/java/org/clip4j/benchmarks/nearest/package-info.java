/** Exact search for the nearest rows: a program of its own, since its rows take gigabytes and its limits are the device's. */
package org.clip4j.benchmarks.nearest;
