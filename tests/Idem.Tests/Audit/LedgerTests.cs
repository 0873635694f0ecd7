// The ledger: its bytes, its chain, and what a crash or a flipped bit does to it.

using System.Globalization;
using System.Text;
using Idem.Audit;
using Idem.Formats;
using Idem.Tests.Formats;

namespace Idem.Tests.Audit;

public sealed class LedgerTests
{
    private const string File = "/run/ledger.jsonl";

    private static readonly Digest Genesis = Digest.Of("genesis"u8);

    private static FaultyFileSystem NewDisk()
    {
        var files = new FaultyFileSystem();
        files.CreateDirectory("/run");
        files.FlushDirectory("/");
        return files;
    }

    private static LedgerRecord Record(long step) => new()
    {
        Step = step,
        Loss = LedgerNumber.Of(3.25f / (step + 1)),
        GradNorm = LedgerNumber.Of(1.0 / (step + 3)),
        Lr = LedgerNumber.Of(3e-4),
        ValLoss = step % 2 == 1 ? LedgerNumber.Of(0.1f) : null,
        DataDigest = Digest.Of(BitConverter.GetBytes(step)),
        ParamsDigest = step % 2 == 1 ? Digest.Of("params"u8) : null,
        OptimizerDigest = step % 2 == 1 ? Digest.Of("optimizer"u8) : null,
    };

    private static LedgerHead WriteSteps(FaultyFileSystem files, int steps)
    {
        using LedgerWriter writer = LedgerWriter.Create(files, File, Genesis);
        for (int step = 0; step < steps; step++)
        {
            writer.Append(Record(step));
        }

        return writer.Head;
    }

    private static LedgerException Refused(FaultyFileSystem files, string text)
    {
        files.Replace(File, Encoding.Latin1.GetBytes(text));
        return Assert.Throws<LedgerException>(() => Ledger.Verify(files, File, Genesis));
    }

    [Fact]
    public void A_line_is_these_bytes()
    {
        FaultyFileSystem files = NewDisk();
        WriteSteps(files, 2);
        Assert.Equal(KnownLedger.Text, Encoding.ASCII.GetString(files.Content(File)));
    }

    [Fact]
    public void What_was_appended_is_read()
    {
        FaultyFileSystem files = NewDisk();
        LedgerHead head = WriteSteps(files, 5);
        LedgerEntry[] entries = [.. Ledger.Read(files, File, Genesis)];
        Assert.Equal(Enumerable.Range(0, 5).Select(i => Record(i)), entries.Select(e => e.Record));
        Assert.Equal([1, 2, 3, 4, 5], entries.Select(e => (int)e.Line));
        Assert.Equal(files.Content(File).Length, entries[^1].EndOffset);
        Assert.Equal(head, new LedgerHead(5, entries[^1].Hash));
        Assert.Equal(head, Ledger.Verify(files, File, Genesis));
    }

    [Fact]
    public void Every_changed_bit_of_every_byte_is_detected()
    {
        FaultyFileSystem files = NewDisk();
        WriteSteps(files, 3);
        byte[] good = files.Content(File);
        int firstEnd = Array.IndexOf(good, (byte)'\n'), secondEnd = Array.IndexOf(good, (byte)'\n', firstEnd + 1);
        for (int at = 0; at < good.Length; at++)
        {
            foreach (int change in new[] { 1, 2, 4, 8, 16, 32, 64, 128, 255 })
            {
                byte[] bad = [.. good];
                bad[at] ^= (byte)change;
                files.Replace(File, bad);
                LedgerException e = Assert.Throws<LedgerException>(() => Ledger.Verify(files, File, Genesis));
                Assert.Equal(at <= firstEnd ? 1 : at <= secondEnd ? 2 : 3, e.Line);
            }
        }
    }

    [Fact]
    public void Lines_removed_swapped_repeated_or_from_another_run_break_the_chain()
    {
        FaultyFileSystem files = NewDisk();
        WriteSteps(files, 3);
        string[] lines = Encoding.ASCII.GetString(files.Content(File)).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        string Join(params int[] order) => string.Concat(order.Select(i => lines[i] + "\n"));
        Assert.Equal((1, "prev"), Place(Refused(files, Join(1, 2))));
        Assert.Equal((2, "prev"), Place(Refused(files, Join(0, 2))));
        Assert.Equal((2, "prev"), Place(Refused(files, Join(0, 2, 1))));
        Assert.Equal((2, "prev"), Place(Refused(files, Join(0, 0, 1))));
        Assert.Equal((2, null), Place(Refused(files, lines[0] + "\n" + lines[1])));
        Assert.Equal((1, null), Place(Refused(files, new string('x', 70_000))));
        Assert.Equal((1, "step"), Place(Refused(files, "\n")));
        files.Replace(File, Encoding.ASCII.GetBytes(Join(0, 1, 2)));
        Assert.Equal((1, "prev"), Place(Assert.Throws<LedgerException>(() => Ledger.Verify(files, File, Digest.Of("other"u8)))));

        static (int, string?) Place(LedgerException e) => ((int)e.Line, e.Field);
    }

    [Theory]
    [InlineData("\"step\":0,", "\"step\":00,", "step")]
    [InlineData("\"step\":0,", "\"step\":-1,", "step")]
    [InlineData("\"loss\":3.25,", "\"loss\":3.250,", "loss")]
    [InlineData("\"loss\":3.25,", "\"loss\":3.26,", "loss")]
    [InlineData("\"loss_bits\":\"40500000\"", "\"loss_bits\":\"4050000\"", "loss_bits")]
    [InlineData("\"loss_bits\":\"40500000\"", "\"loss_bits\":\"7fc00000\"", "loss_bits")]
    [InlineData("\"grad_norm\"", "\"gradnorm\"", "grad_norm")]
    [InlineData("\"lr_bits\"", "\"l_bits\"", "lr_bits")]
    [InlineData("\"data_digest\":\"sha256", "\"data_digest\":\"sha512", "data_digest")]
    [InlineData("}\n", " }\n", null)]
    public void Errors_name_the_field(string from, string to, string? field)
    {
        FaultyFileSystem files = NewDisk();
        WriteSteps(files, 1);
        string text = Encoding.ASCII.GetString(files.Content(File));
        Assert.Contains(from, text, StringComparison.Ordinal);
        LedgerException e = Refused(files, text.Replace(from, to, StringComparison.Ordinal));
        Assert.Equal((1, field), (e.Line, e.Field));
        Assert.StartsWith($"{File}: line 1", e.Message);
    }

    // Decimals are shortest round-trip and read back to their bits, whatever the width.
    [Theory]
    [InlineData(0x00000000u, "0")]
    [InlineData(0x80000000u, "-0.0")]
    [InlineData(0x00000001u, "1E-45")]
    [InlineData(0x7f7fffffu, "3.4028235E+38")]
    [InlineData(0x3dcccccdu, "0.1")]
    [InlineData(0x5d5e0b6bu, "1E+18")]
    [InlineData(0x4b800000u, "16777216")]
    [InlineData(0x38d1b717u, "0.0001")]
    [InlineData(0x3727c5acu, "1E-05")]
    public void Decimals_are_shortest(uint bits, string text)
    {
        var number = LedgerNumber.Of(BitConverter.UInt32BitsToSingle(bits));
        Assert.Equal((text, bits.ToString("x8", CultureInfo.InvariantCulture)), (number.Decimal, number.Hex));
        Assert.Equal(bits, BitConverter.SingleToUInt32Bits(float.Parse(number.Decimal, CultureInfo.InvariantCulture)));
    }

    [Fact]
    public void Steps_must_ascend_and_numbers_be_finite()
    {
        using LedgerWriter writer = LedgerWriter.Create(NewDisk(), File, Genesis);
        writer.Append(Record(4));
        Assert.Throws<ArgumentException>(() => writer.Append(Record(4)));
        Assert.Throws<ArgumentException>(() => writer.Append(Record(5) with { Loss = LedgerNumber.Of(float.NaN) }));
        Assert.Throws<ArgumentException>(() => writer.Append(Record(5) with { ValLoss = LedgerNumber.Of(double.PositiveInfinity) }));
        writer.Append(Record(5));
        Assert.Equal(2, writer.Head.Lines);
    }

    [Fact]
    public void Resuming_cuts_what_lies_past_the_checkpoint_and_repeats_it_bit_for_bit()
    {
        FaultyFileSystem files = NewDisk();
        WriteSteps(files, 6);
        byte[] uninterrupted = files.Content(File);
        LedgerEntry[] entries = [.. Ledger.Read(files, File, Genesis)];
        for (int checkpoint = 0; checkpoint <= 6; checkpoint++)
        {
            var head = new LedgerHead(checkpoint, checkpoint == 0 ? Genesis : entries[checkpoint - 1].Hash);
            long kept = checkpoint == 0 ? 0 : entries[checkpoint - 1].EndOffset;
            for (long length = kept; length <= uninterrupted.Length; length += 41)
            {
                files.Replace(File, uninterrupted[..(int)length]);
                using LedgerWriter writer = LedgerWriter.Resume(files, File, Genesis, head);
                Assert.Equal(entries.Where(e => e.Line > checkpoint && e.EndOffset <= length), writer.Earlier);
                Assert.Equal(kept, files.Content(File).Length);
                for (int step = checkpoint; step < 6; step++)
                {
                    Assert.Equal(entries[step], writer.Append(Record(step)));
                }

                Assert.Equal(uninterrupted, files.Content(File));
            }
        }
    }

    [Fact]
    public void Resuming_refuses_a_ledger_that_ends_or_breaks_before_the_checkpoint()
    {
        FaultyFileSystem files = NewDisk();
        LedgerHead head = WriteSteps(files, 3);
        byte[] good = files.Content(File);

        LedgerException Resume(byte[] content, LedgerHead at)
        {
            files.Replace(File, content);
            LedgerException e = Assert.Throws<LedgerException>(() => LedgerWriter.Resume(files, File, Genesis, at));
            Assert.Equal(content, files.Content(File));
            return e;
        }

        Assert.Equal(3, Resume(good[..^1], head).Line);
        Assert.Equal(3, Resume(good[..(Array.LastIndexOf(good, (byte)'\n', good.Length - 2) + 1)], head).Line);
        Assert.Equal(1, Resume([], head).Line);
        Assert.Equal("hash", Resume(good, head with { Hash = Genesis }).Field);
        Assert.Equal("hash", Resume(good, head with { Lines = 2 }).Field);
        Assert.Equal(2, Resume([.. good.Select((b, i) => i == Array.IndexOf(good, (byte)'\n') + 5 ? (byte)'x' : b)], head).Line);
    }

    // The trainer's order: append, commit, checkpoint. Whatever the crash, the last checkpoint's head is in the ledger.
    [Fact]
    public void After_a_crash_at_any_operation_the_last_checkpoint_resumes()
    {
        for (int operations = 0; ; operations++)
        {
            FaultyFileSystem files = NewDisk();
            LedgerHead? checkpoint = null;
            files.CrashAfter(operations);
            try
            {
                using LedgerWriter writer = LedgerWriter.Create(files, File, Genesis, linesPerFlush: 3);
                for (int step = 0; step < 8; step++)
                {
                    writer.Append(Record(step));
                    if (step % 4 == 3)
                    {
                        writer.Commit();
                        checkpoint = writer.Head;
                    }
                }

                return;
            }
            catch (CrashException)
            {
            }

            foreach (CrashKind kind in Enum.GetValues<CrashKind>())
            {
                FaultyFileSystem rebooted = files.Reboot(kind);
                if (checkpoint is { } head)
                {
                    using LedgerWriter writer = LedgerWriter.Resume(rebooted, File, Genesis, head);
                    Assert.Equal(head, Ledger.Verify(rebooted, File, Genesis));
                }
            }
        }
    }

    [Fact]
    public void After_a_failed_write_nothing_more_is_appended()
    {
        FaultyFileSystem files = NewDisk();
        using LedgerWriter writer = LedgerWriter.Create(files, File, Genesis);
        writer.Append(Record(0));
        LedgerHead head = writer.Head;
        files.Fault = () => new IOException("No space left on device");
        files.CrashAfter(1);
        Assert.Throws<IOException>(() => writer.Append(Record(1)));
        files.CrashAfter(int.MaxValue);
        Assert.Contains("earlier write failed", Assert.Throws<IOException>(() => writer.Append(Record(1))).Message, StringComparison.Ordinal);
        using LedgerWriter resumed = LedgerWriter.Resume(files, File, Genesis, head);
        resumed.Append(Record(1));
        Assert.Equal(2, Ledger.Verify(files, File, Genesis).Lines);
    }

    [Fact]
    public void The_real_disk_appends_and_resumes()
    {
        using var temporary = new TemporaryFolder();
        string path = Path.Combine(temporary.Path, Ledger.FileName);
        DiskFileSystem files = DiskFileSystem.Instance;
        LedgerHead head;
        using (LedgerWriter writer = LedgerWriter.Create(files, path, Genesis))
        {
            writer.Append(Record(0));
            head = writer.Head;
            writer.Append(Record(1));
        }

        System.IO.File.AppendAllText(path, "{\"step\":2,\"lo");
        using (LedgerWriter writer = LedgerWriter.Resume(files, path, Genesis, head))
        {
            Assert.Equal(1, Assert.Single(writer.Earlier).Record.Step);
            writer.Append(Record(1));
        }

        Assert.Equal(KnownLedger.Text, System.IO.File.ReadAllText(path));
        Assert.ThrowsAny<IOException>(() => LedgerWriter.Create(files, path, Genesis));
    }
}
