using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using Dpfah.Core.Codes;
using Dpfah.Core.Imaging;
using Dpfah.Core.Models;
using Dpfah.Engine.Data;
using Dpfah.Engine.Data.Entities;
using Dpfah.Engine.Models;
using Dpfah.Engine.Search;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using NpgsqlTypes;

namespace Dpfah.Benchmarks;

/// <summary>
/// A collection of any size whose items follow from their numbers, written straight into the tables of the service: uniform codes,
/// signatures, ids as of files, one of ten labels. The log is that of a day later: trimmed.
/// </summary>
internal sealed class LoadData(int bits) : IFirstModel
{
    private const int Labels = 10;

    private static readonly DateTime Made = new(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc);

    public string Name => $"no-network-{bits}";

    public static string PublicId(long number) => $"photos/{number:00000000}.jpg";

    public static string[] LabelsOf(long number) => [$"label {number % Labels}"];

    /// <summary>Writes the words of an item's code and of its signature.</summary>
    public void Words(long number, Span<ulong> code, Span<ulong> signature)
    {
        ulong start = (ulong)number << 8;
        for (int i = 0; i < code.Length; i++)
        {
            code[i] = Mixed(start++);
        }

        code[^1] >>= (64 * code.Length) - bits;
        for (int i = 0; i < signature.Length; i++)
        {
            signature[i] = Mixed(start++);
        }
    }

    /// <summary>Sees to it that the database has a collection of so many items.</summary>
    /// <param name="database">Whose tables are filled.</param>
    /// <param name="models">With the model that the codes pass for those of.</param>
    /// <param name="collection">Name of the collection; one that is there is left as it is.</param>
    /// <param name="count">How many items.</param>
    /// <param name="identity">The encoder that will answer queries; null when none will.</param>
    public async Task EnsureAsync(Database database, ModelStore models, string collection, int count, EncoderIdentity? identity = null)
    {
        ModelInfo model = await models.EnsureFirstModelAsync(new Progress<(string Step, double Done)>(), CancellationToken.None);
        Generation? generation = await database.WriteAsync(
            async (context, token) =>
            {
                if (await context.Collections.AnyAsync(c => c.Name == collection, token))
                {
                    return null;
                }

                var row = new Collection { Name = collection, CreatedAt = Made };
                context.Collections.Add(row);
                await context.SaveChangesAsync(token);
                var generation = new Generation
                {
                    CollectionId = row.Id,
                    ModelId = model.Id,
                    Decoder = identity?.Decoder ?? "none",
                    Arithmetic = identity?.Arithmetic ?? "none",
                    IsActive = true,
                    CreatedAt = Made,
                };
                context.Generations.Add(generation);
                await context.SaveChangesAsync(token);
                return generation;
            },
            CancellationToken.None);
        if (generation is null)
        {
            return;
        }

        await using (DpfahContext context = database.CreateContext())
        {
            await context.Database.OpenConnectionAsync();
            if (context.Database.GetDbConnection() is NpgsqlConnection postgres)
            {
                Fill(postgres, generation, count);
            }
            else
            {
                Fill((SqliteConnection)context.Database.GetDbConnection(), generation, count);
            }
        }

        long digest = 0;
        var code = new ulong[BinaryCode.WordsFor(bits)];
        var signature = new ulong[BinaryCode.WordsFor(ImageCode.SignatureBits)];
        byte[][] labels = [.. Enumerable.Range(0, Labels).Select(n => ItemDigest.BytesOf(LabelsOf(n)))];
        for (long number = 1; number <= count; number++)
        {
            Words(number, code, signature);
            digest ^= ItemDigest.Of(number, code, signature, labels[number % Labels]);
        }

        await database.WriteAsync(
            (context, token) => context.Generations.Where(g => g.Id == generation.Id).ExecuteUpdateAsync(
                set => set.SetProperty(g => g.TrimmedDigest, digest).SetProperty(g => g.TrimmedCount, count), token),
            CancellationToken.None);
    }

    /// <inheritdoc/>
    public ModelFiles Create(string folder, IProgress<(string Step, double Done)>? progress, CancellationToken cancellationToken)
    {
        var files = new ModelFiles(Path.Combine(folder, "backbone.safetensors"), Path.Combine(folder, "head.safetensors"));
        WriteTensor(files.BackbonePath, "{}");
        using FileStream stream = File.OpenRead(files.BackbonePath);
        var description = new ModelDescription
        {
            Name = Name,
            Method = "random",
            Bits = bits,
            Backbone = new BackboneDescription("resnet18", 2, false, SafetensorsFile.Read(stream).Digest(stream)),
            Preprocessing = new Preprocessing(256, 224, [0, 0, 0], [1, 1, 1]),
        };
        WriteTensor(files.HeadPath, JsonSerializer.Serialize(new Dictionary<string, string> { [ModelDescription.MetadataKey] = description.ToJson() }));
        return files;
    }

    // SplitMix64 (Steele, Lea, Flood, OOPSLA 2014).
    private static ulong Mixed(ulong place)
    {
        ulong z = (place + 1) * 0x9E3779B97F4A7C15;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }

    private static void WriteTensor(string path, string metadata)
    {
        byte[] header = Encoding.UTF8.GetBytes($$$"""{"__metadata__":{{{metadata}}},"one":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""");
        using var writer = new BinaryWriter(File.Create(path));
        writer.Write((ulong)header.Length);
        writer.Write(header);
        writer.Write(1f);
    }

    private void Fill(NpgsqlConnection connection, Generation generation, int count)
    {
        // Foreign keys are looked up by triggers, twice a row: hours of them. This needs a superuser.
        Execute("SET session_replication_role = replica");
        using (NpgsqlBinaryImporter items = connection.BeginBinaryImport(
            "COPY items (number, collection_id, public_id, labels, content_digest, version, created_at, updated_at) FROM STDIN (FORMAT BINARY)"))
        {
            var digest = new byte[32];
            for (long number = 1; number <= count; number++)
            {
                MemoryMarshal.Write(digest, number);
                items.StartRow();
                items.Write(number);
                items.Write(generation.CollectionId);
                items.Write(PublicId(number), NpgsqlDbType.Text);
                items.Write(LabelsOf(number), NpgsqlDbType.Array | NpgsqlDbType.Text);
                items.Write(digest, NpgsqlDbType.Bytea);
                items.Write(1L);
                items.Write(Made, NpgsqlDbType.TimestampTz);
                items.Write(Made, NpgsqlDbType.TimestampTz);
            }

            items.Complete();
        }

        using (NpgsqlBinaryImporter codes = connection.BeginBinaryImport(
            "COPY codes (generation_id, item_number, code, signature) FROM STDIN (FORMAT BINARY)"))
        {
            foreach ((long number, byte[] code, byte[] signature) in Codes(count))
            {
                codes.StartRow();
                codes.Write(generation.Id);
                codes.Write(number);
                codes.Write(code, NpgsqlDbType.Bytea);
                codes.Write(signature, NpgsqlDbType.Bytea);
            }

            codes.Complete();
        }

        // As the server does by itself after a while.
        Execute("SET session_replication_role = DEFAULT");
        Execute("SELECT setval(pg_get_serial_sequence('items', 'number'), (SELECT max(number) FROM items))");
        Execute("VACUUM ANALYZE items");
        Execute("VACUUM ANALYZE codes");

        void Execute(string sql)
        {
            using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 0 };
            command.ExecuteNonQuery();
        }
    }

    private void Fill(SqliteConnection connection, Generation generation, int count)
    {
        using SqliteTransaction transaction = connection.BeginTransaction();
        using SqliteCommand item = connection.CreateCommand();
        item.CommandText =
            "INSERT INTO items (number, collection_id, public_id, labels, content_digest, version, created_at, updated_at) VALUES ($n, $c, $i, $l, $d, 1, $t, $t)";
        SqliteParameter itemNumber = item.Parameters.Add("$n", SqliteType.Integer);
        item.Parameters.AddWithValue("$c", generation.CollectionId);
        SqliteParameter id = item.Parameters.Add("$i", SqliteType.Text);
        SqliteParameter labels = item.Parameters.Add("$l", SqliteType.Text);
        SqliteParameter digest = item.Parameters.Add("$d", SqliteType.Blob);
        item.Parameters.AddWithValue("$t", Made.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture));
        var digestBytes = new byte[32];
        for (long number = 1; number <= count; number++)
        {
            MemoryMarshal.Write(digestBytes, number);
            (itemNumber.Value, id.Value, labels.Value, digest.Value) =
                (number, PublicId(number), JsonSerializer.Serialize(LabelsOf(number)), digestBytes);
            item.ExecuteNonQuery();
        }

        using SqliteCommand row = connection.CreateCommand();
        row.CommandText = "INSERT INTO codes (generation_id, item_number, code, signature) VALUES ($g, $n, $c, $s)";
        row.Parameters.AddWithValue("$g", generation.Id);
        SqliteParameter rowNumber = row.Parameters.Add("$n", SqliteType.Integer);
        SqliteParameter code = row.Parameters.Add("$c", SqliteType.Blob);
        SqliteParameter signature = row.Parameters.Add("$s", SqliteType.Blob);
        foreach ((long number, byte[] codeBytes, byte[] signatureBytes) in Codes(count))
        {
            (rowNumber.Value, code.Value, signature.Value) = (number, codeBytes, signatureBytes);
            row.ExecuteNonQuery();
        }

        transaction.Commit();
        using SqliteCommand checkpoint = connection.CreateCommand();
        checkpoint.CommandText = "PRAGMA wal_checkpoint(TRUNCATE)";
        checkpoint.ExecuteNonQuery();
    }

    private IEnumerable<(long Number, byte[] Code, byte[] Signature)> Codes(int count)
    {
        var code = new ulong[BinaryCode.WordsFor(bits)];
        var signature = new ulong[BinaryCode.WordsFor(ImageCode.SignatureBits)];
        byte[] codeBytes = new byte[bits / 8], signatureBytes = new byte[ImageCode.SignatureBits / 8];
        for (long number = 1; number <= count; number++)
        {
            Words(number, code, signature);
            MemoryMarshal.AsBytes(code.AsSpan())[..codeBytes.Length].CopyTo(codeBytes);
            MemoryMarshal.AsBytes(signature.AsSpan()).CopyTo(signatureBytes);
            yield return (number, codeBytes, signatureBytes);
        }
    }
}
