// SPDX-License-Identifier: Apache-2.0
// Threads that share a map, a pool, a process over pipes, a mapped file.
import java.io.*;
import java.nio.*;
import java.nio.channels.FileChannel;
import java.nio.file.*;
import java.security.MessageDigest;
import java.util.*;
import java.util.concurrent.*;

public class Threads {
  static String digest(String start, int rounds) throws Exception {
    byte[] at = start.getBytes();
    for (int i = 0; i < rounds; ++i) at = MessageDigest.getInstance("SHA-256").digest((new String(at, "ISO-8859-1") + i).getBytes("ISO-8859-1"));
    return HexFormat.of().formatHex(at);
  }
  public static void main(String[] arguments) throws Exception {
    ConcurrentHashMap<Integer, String> all = new ConcurrentHashMap<>();
    ExecutorService pool = Executors.newFixedThreadPool(3);
    List<Future<?>> parts = new ArrayList<>();
    MappedByteBuffer mapped = FileChannel.open(Path.of("mapped"), StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE)
        .map(FileChannel.MapMode.READ_WRITE, 0, 4096);
    for (int n = 0; n < 60; ++n) {
      final int part = n;
      parts.add(pool.submit(() -> { all.put(part, digest("part" + part, 3000)); synchronized (mapped) { mapped.putInt(part * 4, part * part); } return null; }));
    }
    Process child = new ProcessBuilder("sed", "-u", "s/1/one/").start();
    BufferedReader from = new BufferedReader(new InputStreamReader(child.getInputStream()));
    Writer to = new OutputStreamWriter(child.getOutputStream());
    String said = "";
    for (int i = 0; i < 800; ++i) { to.write(i * 31 + "\n"); to.flush(); said = digest(said + from.readLine(), 1); }
    to.close();
    for (Future<?> part : parts) part.get();
    pool.shutdown();
    long sum = 0;
    for (int n = 0; n < 60; ++n) sum += mapped.getInt(n * 4);
    System.out.println(digest(new TreeMap<>(all).toString(), 1) + " " + said + " " + child.waitFor() + " " + sum);
  }
}
