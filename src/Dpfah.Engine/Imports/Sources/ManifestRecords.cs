using System.IO.Hashing;
using System.Runtime.InteropServices;
using Dpfah.Engine.Hosting;

namespace Dpfah.Engine.Imports.Sources;

/// <summary>The records of a manifest: on disk, found by their entries through an index in memory.</summary>
/// <remarks>
/// A manifest has a line for each picture, and a million records as objects took 620 MB (of an export, 247 bytes a line). In memory are
/// 16 bytes a line, however long it is, and up to three times as many while lines are added.
/// </remarks>
internal sealed class ManifestRecords : IDisposable
{
    private readonly FileStream file;
    private readonly BinaryWriter writer;
    private readonly BinaryReader reader;

    // Digests of the entries, ascending once all are there, and where each one's record is: the complement of that once it was found.
    private readonly List<ulong> added = [];
    private readonly List<long> addedPlaces = [];
    private ulong[] digests = [];
    private long[] places = [];

    /// <summary>Makes an empty one.</summary>
    /// <param name="folder">An existing folder on a disk with room for what is added.</param>
    public ManifestRecords(string folder)
    {
        file = TemporaryFile.Create(folder);
        writer = new BinaryWriter(file);
        reader = new BinaryReader(file);
    }

    /// <summary>How many there are.</summary>
    public int Count => added.Count + digests.Length;

    /// <summary>Adds a record that has an entry; before <see cref="Complete"/>.</summary>
    /// <param name="record">The record.</param>
    /// <param name="line">Its line.</param>
    public void Add(ImportRecord record, long line)
    {
        added.Add(DigestOf(record.Entry!));
        addedPlaces.Add(file.Position);
        writer.Write7BitEncodedInt64(line);
        writer.Write(record.Entry!);
        Write(record.Id);
        writer.Write7BitEncodedInt(record.Labels.Length);
        foreach (string label in record.Labels)
        {
            writer.Write(label);
        }

        Write(record.Metadata);
        Write(record.Preview?.Decoder);
        if (record.Preview is { } preview)
        {
            writer.Write7BitEncodedInt(preview.ContentDigest.Length);
            writer.Write(preview.ContentDigest);
        }
    }

    /// <summary>Says that all are added: from now on they can be found.</summary>
    /// <returns>The first record whose entry came before, with its line; null when each came once.</returns>
    public (ImportRecord Record, long Line)? Complete()
    {
        (digests, places) = ([.. added], [.. addedPlaces]);
        added.Clear();
        addedPlaces.Clear();
        (added.Capacity, addedPlaces.Capacity) = (0, 0);
        Array.Sort(digests, places);
        return FindTwice();
    }

    /// <summary>The record of an entry, which counts as found from now on.</summary>
    /// <param name="entry">Normalized path.</param>
    public ImportRecord? Find(string entry)
    {
        ulong digest = DigestOf(entry);
        int at = Array.BinarySearch(digests, digest);
        while (at > 0 && digests[at - 1] == digest)
        {
            at--;
        }

        // Two entries may have one digest: the record says which it is of.
        for (; at >= 0 && at < digests.Length && digests[at] == digest; at++)
        {
            long place = places[at] < 0 ? ~places[at] : places[at];
            if (Read(place).Record is var record && record.Entry == entry)
            {
                places[at] = ~place;
                return record;
            }
        }

        return null;
    }

    /// <summary>The records that were not found, with their lines, in the order of the lines.</summary>
    public IEnumerable<(ImportRecord Record, long Line)> Missing()
    {
        foreach (long place in places.Where(place => place >= 0).Order())
        {
            yield return Read(place);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        writer.Dispose();
        reader.Dispose();
        file.Dispose();
    }

    private (ImportRecord Record, long Line)? FindTwice()
    {
        (ImportRecord Record, long Line)? first = null;
        for (int from = 0, to; from < digests.Length; from = to)
        {
            for (to = from + 1; to < digests.Length && digests[to] == digests[from]; to++)
            {
            }

            if (to - from == 1)
            {
                continue;
            }

            var entries = new HashSet<string>(StringComparer.Ordinal);
            foreach (long place in places[from..to].Order())
            {
                (ImportRecord Record, long Line) one = Read(place);
                if (!entries.Add(one.Record.Entry!))
                {
                    first = first is null || one.Line < first.Value.Line ? one : first;
                    break;
                }
            }
        }

        return first;
    }

    private (ImportRecord Record, long Line) Read(long place)
    {
        file.Position = place;
        long line = reader.Read7BitEncodedInt64();
        string entry = reader.ReadString();
        string? id = ReadText();
        var labels = new string[reader.Read7BitEncodedInt()];
        for (int i = 0; i < labels.Length; i++)
        {
            labels[i] = reader.ReadString();
        }

        string? metadata = ReadText(), decoder = ReadText();
        PreviewOrigin? preview = decoder is null ? null : new PreviewOrigin(decoder, reader.ReadBytes(reader.Read7BitEncodedInt()));
        return (new ImportRecord { Entry = entry, Id = id, Labels = labels, Metadata = metadata, Preview = preview }, line);
    }

    private void Write(string? text)
    {
        writer.Write(text is not null);
        if (text is not null)
        {
            writer.Write(text);
        }
    }

    private string? ReadText() => reader.ReadBoolean() ? reader.ReadString() : null;

    private static ulong DigestOf(string entry) => XxHash3.HashToUInt64(MemoryMarshal.AsBytes(entry.AsSpan()));
}
