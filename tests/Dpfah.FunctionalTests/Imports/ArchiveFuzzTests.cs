using System.Diagnostics;
using System.Globalization;
using Dpfah.Engine.Imports;
using Dpfah.FunctionalTests.Hosting;

namespace Dpfah.FunctionalTests.Imports;

/// <summary>Damaged archives and lines: what is whole in them is read, what is not is rejected, and the rest ends with a sentence.</summary>
public class ArchiveFuzzTests
{
    private static readonly ImportLimits Small = new()
    {
        PictureBytes = 64 << 10,
        LineBytes = 64 << 10,
        RowCharacters = 8 << 10,
        ManifestFloor = 64 << 10,
        ManifestLines = 1_000,
        DirectoryBytes = 64 << 10,
        HeaderBytes = 64 << 10,
        Expansion = 10,
        ExpansionFloor = 1 << 20,
    };

    private static readonly TimeSpan TimeLimit = TimeSpan.FromSeconds(1);

    [Fact]
    [Trait(LongForm.Trait, "archives")]
    public async Task Damaged_archives_give_what_is_whole_and_end_with_a_sentence()
    {
        int count = LongForm.Choose(4_000, 200_000), seed = LongForm.Seed(), refused = 0;
        long entries = 0;
        (ImportFormat Format, byte[] Bytes)[] corpus = [.. Corpus()];
        TimeSpan slowest = TimeSpan.Zero;
        for (int i = 0; i < count; i++)
        {
            int number = unchecked((seed * 1_000_003) + i);
            var random = new Random(number);
            (ImportFormat format, byte[] file) = corpus[random.Next(corpus.Length)];
            file = Damage(random, file, corpus);
            long start = Stopwatch.GetTimestamp();
            var read = new List<ImportEntry>();
            try
            {
                await Archives.CollectAsync(file, format, read, limits: Small);
            }
            catch (InvalidDataException error)
            {
                Assert.False(string.IsNullOrWhiteSpace(error.Message));
                refused++;
            }
            catch (Exception error)
            {
                throw new InvalidOperationException($"Archive {number} ({format}) is not refused, but ends in an error.", error);
            }

            TimeSpan elapsed = Stopwatch.GetElapsedTime(start);
            slowest = elapsed > slowest ? elapsed : slowest;
            Assert.True(elapsed < TimeLimit * 10, $"Archive {number} ({format}) takes {elapsed.TotalSeconds:0.0} s.");
            Assert.All(read, entry => Assert.True(entry.Rejection is not null || entry.Id is { Length: > 0 }, $"Archive {number}: {entry.Item}"));
            Assert.All(read, entry => Assert.InRange(entry.Bytes?.Length ?? 0, 0, Small.PictureBytes));
            entries += read.Count;
        }

        LongForm.Record("damaged archives", string.Create(
            CultureInfo.InvariantCulture,
            $"{refused:N0} of {count:N0} damaged zip, tar, tar.gz, NDJSON and CSV files end with a sentence, {entries:N0} entries were read or rejected, slowest {slowest.TotalMilliseconds:N0} ms; seed {seed}"));
        Counts.Report("damaged-archives", count, count);
    }

    private static IEnumerable<(ImportFormat, byte[])> Corpus()
    {
        (string, byte[])[] files =
        [
            Archives.Text("manifest.csv", "entry,id,labels,metadata\ncat/1.png,one,cat|pet,\"{\"\"n\"\":1}\"\n"),
            ("cat/1.png", Pictures.Png(1)), ("cat/2.png", Pictures.Png(2)), Archives.File("dog/3.bin", 3_000),
        ];
        byte[] tar = Archives.Tar(files);
        string lines = string.Concat(Enumerable.Range(0, 4).Select(n =>
            $"{{\"id\":\"p{n}\",\"image\":\"{Convert.ToBase64String(Pictures.Png(n))}\",\"labels\":[\"cat\"],\"metadata\":{{\"n\":{n}}}}}\n"));
        return
        [
            (ImportFormat.Zip, Archives.Zip(files)),
            (ImportFormat.Zip, Archives.Zip(System.IO.Compression.CompressionLevel.NoCompression, files)),
            (ImportFormat.Tar, tar),
            (ImportFormat.TarGzip, Archives.Gzip(tar)),
            (ImportFormat.Ndjson, System.Text.Encoding.UTF8.GetBytes(lines)),
            (ImportFormat.Csv, "id,url,labels,metadata\na,https://shop.example/a.jpg,cat|dog,\"{\"\"n\"\":1}\"\nb,https://shop.example/b.jpg,,\n"u8.ToArray()),
        ];
    }

    private static byte[] Damage(Random random, byte[] source, (ImportFormat Format, byte[] Bytes)[] corpus)
    {
        byte[] file = [.. source];
        for (int i = random.Next(1, 4); i > 0 && file.Length > 4; i--)
        {
            int at = random.Next(file.Length - 4);
            switch (random.Next(7))
            {
                case 0:
                    file = file[..at];
                    break;
                case 1:
                    byte[] other = corpus[random.Next(corpus.Length)].Bytes;
                    file = [.. file[..at], .. other[random.Next(other.Length)..]];
                    break;
                case 2:
                    int end = random.Next(at, file.Length);
                    file = [.. file[..end], .. file[at..]];
                    break;
                case 3:
                    // A length, an offset or a count, where one stands.
                    BitConverter.TryWriteBytes(file.AsSpan(at), random.Next(3) == 0 ? -1 : random.Next(2) == 0 ? random.Next(256) : random.Next());
                    break;
                case 4:
                    random.NextBytes(file.AsSpan(at, random.Next(1, Math.Min(64, file.Length - at))));
                    break;
                default:
                    for (int flips = random.Next(1, 9); flips > 0; flips--)
                    {
                        file[random.Next(file.Length)] ^= (byte)(1 << random.Next(8));
                    }

                    break;
            }
        }

        return file;
    }
}
