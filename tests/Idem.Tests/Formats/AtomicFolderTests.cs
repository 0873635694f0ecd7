// Durable folders: a crash after any operation leaves the old or the new one, whole; damage of any byte is found.

using System.Text;
using Idem.Formats;
using Xunit;

namespace Idem.Tests.Formats;

public sealed class AtomicFolderTests
{
    private const string Target = "/runs/demo/checkpoint";

    private static readonly CrashKind[] Kinds = Enum.GetValues<CrashKind>();

    private static FolderFile[] Version(int version) =>
    [
        new("model.safetensors", stream => stream.Write(Encoding.ASCII.GetBytes(new string((char)('a' + version), 300)))),
        new("state.json", stream => stream.Write(Encoding.ASCII.GetBytes($"{{\"version\":{version}}}"))),
        new("empty", _ => { }),
    ];

    private static FaultyFileSystem NewDisk()
    {
        var files = new FaultyFileSystem();
        files.CreateDirectory("/runs");
        files.CreateDirectory("/runs/demo");
        files.FlushDirectory("/");
        files.FlushDirectory("/runs");
        return files;
    }

    // The version found, whole; 0 if there is no folder at all.
    private static int Load(IFileSystem files)
    {
        if (!AtomicFolder.Exists(files, Target))
        {
            return 0;
        }

        AtomicFolder folder = AtomicFolder.OpenVerified(files, Target);
        string state = Encoding.ASCII.GetString(folder.ReadAllBytes("state.json"));
        int version = state["{\"version\":".Length] - '0';
        Assert.Equal(new string((char)('a' + version), 300), Encoding.ASCII.GetString(folder.ReadAllBytes("model.safetensors")));
        Assert.Equal(["empty", "model.safetensors", "state.json"], folder.Names);
        return version;
    }

    // Every crash point of the save of `version` on the disk `prepare` makes; what each crash leaves goes to `judge`.
    private static int CrashEverywhere(Func<FaultyFileSystem> prepare, int version, Action<FaultyFileSystem, int, CrashKind> judge)
    {
        for (int operations = 0; ; operations++)
        {
            FaultyFileSystem files = prepare();
            files.CrashAfter(operations);
            try
            {
                AtomicFolder.Write(files, Target, Version(version));
                return operations;
            }
            catch (CrashException)
            {
            }

            foreach (CrashKind kind in Kinds)
            {
                judge(files.Reboot(kind), operations, kind);
            }
        }
    }

    [Fact]
    public void A_crash_after_any_operation_leaves_the_old_or_the_new_folder_whole()
    {
        var seen = new HashSet<int>();
        int operations = CrashEverywhere(
            () =>
            {
                FaultyFileSystem files = NewDisk();
                AtomicFolder.Write(files, Target, Version(1));
                return files;
            },
            2,
            (files, at, kind) =>
            {
                int found = Load(files);
                Assert.True(found is 1 or 2, $"version {found} after operation {at} and {kind}");
                seen.Add(found);
                AtomicFolder.Write(files, Target, Version(3));
                Assert.Equal(3, Load(files));
                Assert.Equal(["checkpoint"], files.List("/runs/demo").Select(e => e.Name));
            });
        Assert.Equal([1, 2], seen.Order());
        Assert.True(operations > 20, $"{operations} operations");
    }

    [Fact]
    public void A_crash_of_the_first_save_leaves_nothing_or_all()
        => CrashEverywhere(NewDisk, 1, (files, at, kind) => Assert.True(Load(files) is 0 or 1, $"after operation {at} and {kind}"));

    [Fact]
    public void A_crash_while_cleaning_up_after_a_crash_leaves_a_whole_folder()
    {
        CrashEverywhere(
            () =>
            {
                FaultyFileSystem files = NewDisk();
                AtomicFolder.Write(files, Target, Version(1));
                return files;
            },
            2,
            (crashed, at, kind) =>
            {
                for (int second = 0; second < 12; second++)
                {
                    FaultyFileSystem files = crashed.Reboot(CrashKind.Kill);
                    int before = Load(files);
                    files.CrashAfter(second);
                    try
                    {
                        AtomicFolder.Clean(files, Target);
                    }
                    catch (CrashException)
                    {
                    }

                    // What a killed writer renamed may not be on the medium yet: the folder before it is whole, too.
                    foreach (CrashKind again in Kinds)
                    {
                        int found = Load(files.Reboot(again));
                        Assert.True(found == before || (kind == CrashKind.Kill && found == 1), $"after operation {at}, {kind}, then {second}, {again}: {found}");
                    }
                }
            });
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void The_crash_test_sees_a_missing_flush(bool ofFiles)
    {
        int torn = 0;
        FaultyFileSystem Prepare()
        {
            FaultyFileSystem files = NewDisk();
            AtomicFolder.Write(files, Target, Version(1));
            files.IgnoreFileFlush = ofFiles;
            files.IgnoreFolderFlush = !ofFiles;
            return files;
        }

        CrashEverywhere(Prepare, 2, (files, _, _) =>
        {
            try
            {
                torn += Load(files) == 0 ? 1 : 0;
            }
            catch (CorruptFileException)
            {
                torn++;
            }
        });

        // Without folder flushes the damage shows once the save returned: it was promised durable and is not.
        FaultyFileSystem done = Prepare();
        AtomicFolder.Write(done, Target, Version(2));
        torn += Kinds.Count(kind =>
        {
            try
            {
                return Load(done.Reboot(kind)) != 2;
            }
            catch (CorruptFileException)
            {
                return true;
            }
        });
        Assert.True(torn > 0);
    }

    [Theory]
    [InlineData("No space left on device", true)]
    [InlineData("Input/output error", false)]
    public void A_failing_disk_leaves_the_old_folder_and_the_next_save_succeeds(string message, bool passes)
    {
        for (int operations = 0; ; operations++)
        {
            FaultyFileSystem files = NewDisk();
            AtomicFolder.Write(files, Target, Version(1));
            files.Fault = () => new IOException(message);
            files.FaultPasses = passes;
            files.CrashAfter(operations);
            try
            {
                AtomicFolder.Write(files, Target, Version(2));
                break;
            }
            catch (IOException e)
            {
                Assert.Equal(message, e.Message);
            }

            Assert.True(Load(files) is 1 or 2);
            if (passes && Load(files) == 1)
            {
                Assert.Equal(["checkpoint"], files.List("/runs/demo").Select(e => e.Name));
            }

            files.CrashAfter(int.MaxValue);
            AtomicFolder.Write(files, Target, Version(3));
            Assert.Equal(3, Load(files));
        }
    }

    [Fact]
    public void Every_flipped_bit_of_every_file_is_found_and_the_file_named()
    {
        FaultyFileSystem files = NewDisk();
        AtomicFolder.Write(files, Target, Version(1));
        foreach (FolderEntry entry in files.List(Target))
        {
            string path = Path.Combine(Target, entry.Name);
            byte[] good = files.Content(path);
            for (int bit = 0; bit < 8 * good.Length; bit++)
            {
                byte[] bad = [.. good];
                bad[bit / 8] ^= (byte)(1 << (bit % 8));
                files.Replace(path, bad);
                CorruptFileException e = Assert.Throws<CorruptFileException>(() => AtomicFolder.OpenVerified(files, Target));
                Assert.True(e.File == path || entry.Name == FolderManifest.FileName, $"{e.File} named for {path}");
            }

            files.Replace(path, good);
        }

        Assert.Equal(1, Load(files));
    }

    [Fact]
    public void A_missing_an_extra_and_a_short_file_are_named()
    {
        static string Refused(Action<FaultyFileSystem> damage)
        {
            FaultyFileSystem files = NewDisk();
            AtomicFolder.Write(files, Target, Version(1));
            damage(files);
            return Assert.Throws<CorruptFileException>(() => AtomicFolder.Open(files, Target)).Message;
        }

        Assert.StartsWith($"{Target}/empty: is missing", Refused(f => f.DeleteFile($"{Target}/empty")));
        Assert.StartsWith($"{Target}: has no manifest.json", Refused(f => f.DeleteFile($"{Target}/manifest.json")));
        Assert.StartsWith($"{Target}/more: is not in the manifest", Refused(f => f.Replace($"{Target}/more", [1])));
        Assert.StartsWith($"{Target}/state.json: has 1 bytes, the manifest says 13", Refused(f => f.Replace($"{Target}/state.json", [1])));
        Assert.StartsWith($"{Target}/manifest.json: is not a manifest", Refused(f => f.Replace($"{Target}/manifest.json", [])));
    }

    [Fact]
    public void Names_that_leave_the_folder_or_repeat_are_refused()
    {
        foreach (string name in new[] { "", ".", "..", "a/b", "a\\b", "manifest.json" })
        {
            Assert.Throws<ArgumentException>(() => AtomicFolder.Write(NewDisk(), Target, [new FolderFile(name, _ => { })]));
        }

        Assert.Throws<ArgumentException>(() => AtomicFolder.Write(NewDisk(), Target, [new("a", _ => { }), new("a", _ => { })]));
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("{\"format\":null,\"files\":[]}")]
    [InlineData("{\"format\":\"idem-folder-2\",\"files\":[\n]}\n")]
    [InlineData("{\"format\":\"idem-folder-1\",\"files\":{}}")]
    [InlineData("{\"format\":\"idem-folder-1\",\"files\":[\n]}")]
    [InlineData("{\"format\":\"idem-folder-1\",\"files\":[[[[[[]]]]]]}")]
    [InlineData("{\"format\":\"idem-folder-1\",\"files\":[null]}")]
    [InlineData("{\"format\":\"idem-folder-1\",\"files\":[{\"name\":null,\"size\":0,\"sha256\":\"\"}]}")]
    [InlineData("{\"format\":\"idem-folder-1\",\"files\":[{\"name\":\"\\ud800\",\"size\":0,\"sha256\":\"\"}]}")]
    [InlineData("{\"format\":\"idem-folder-1\",\"files\":[{\"name\":\"a\",\"size\":1e99,\"sha256\":\"\"}]}")]
    [InlineData("{\"format\":\"idem-folder-1\",\"files\":[\n{\"name\":\"a\",\"size\":0,\"sha256\":\"\"},\n{\"name\":\"a\",\"size\":0,\"sha256\":\"\"}\n]}\n")]
    public void Anything_else_is_no_manifest(string text)
    {
        FaultyFileSystem files = NewDisk();
        AtomicFolder.Write(files, Target, Version(1));
        files.Replace($"{Target}/manifest.json", Encoding.UTF8.GetBytes(text));
        Assert.Equal($"{Target}/manifest.json", Assert.Throws<CorruptFileException>(() => AtomicFolder.Open(files, Target)).File);
    }

    [Fact]
    public void The_manifest_is_these_bytes()
    {
        FaultyFileSystem files = NewDisk();
        AtomicFolder.Write(files, Target, [new("b", s => s.Write("abc"u8)), new("a", _ => { })]);
        Assert.Equal(
            """
            {"format":"idem-folder-1","files":[
            {"name":"a","size":0,"sha256":"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
            {"name":"b","size":3,"sha256":"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"}
            ],"sha256":"5995a6fb98bb1320915c55056d2ee6a1f15363746884e9dd12222a78221b8c95"}

            """.ReplaceLineEndings("\n"),
            Encoding.UTF8.GetString(files.Content($"{Target}/manifest.json")));
    }

    [Fact]
    public void The_real_disk_writes_replaces_verifies_and_cleans()
    {
        using var temporary = new TemporaryFolder();
        string target = Path.Combine(temporary.Path, "checkpoint");
        DiskFileSystem files = DiskFileSystem.Instance;
        Directory.CreateDirectory(Path.Combine(temporary.Path, ".checkpoint.pending"));
        AtomicFolder.Write(files, target, Version(1));
        AtomicFolder.Write(files, target, Version(2));
        Assert.Equal("{\"version\":2}", Encoding.ASCII.GetString(AtomicFolder.OpenVerified(files, target).ReadAllBytes("state.json")));
        Assert.Equal(["checkpoint"], files.List(temporary.Path).Select(e => e.Name));

        Directory.Move(target, Path.Combine(temporary.Path, ".checkpoint.previous"));
        Assert.True(AtomicFolder.Exists(files, target));
        AtomicFolder.OpenVerified(files, target);
        AtomicFolder.Clean(files, target);
        Assert.True(Directory.Exists(target));

        Assert.ThrowsAny<IOException>(() => files.CreateFile(Path.Combine(target, "state.json")));
        Assert.ThrowsAny<IOException>(() => files.CreateDirectory(Path.Combine(target, "no", "parent")));
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no flush of folders");
        Assert.Throws<IOException>(() => files.FlushDirectory(Path.Combine(target, "absent")));
    }
}
