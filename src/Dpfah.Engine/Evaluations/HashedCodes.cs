using System.Buffers.Binary;
using Dpfah.Core.Codes;
using Dpfah.Core.Imaging;
using Dpfah.Engine.Blobs;
using Dpfah.Engine.Jobs;
using Microsoft.EntityFrameworkCore;

namespace Dpfah.Engine.Evaluations;

/// <summary>Codes that an evaluation has made so far, kept in a file of its job: whoever takes the job over need not make them again.</summary>
internal sealed class HashedCodes
{
    private EvaluationCheckpoint? checkpoint;

    private HashedCodes(EvaluationCheckpoint? checkpoint) => this.checkpoint = checkpoint;

    /// <summary>The codes by item number.</summary>
    public Dictionary<long, ItemCode> Codes { get; } = [];

    /// <summary>Reads what an earlier turn of the job has left.</summary>
    public static async Task<HashedCodes> ReadAsync(BlobStore blobs, EvaluationCheckpoint? checkpoint, int bits, CancellationToken cancellationToken)
    {
        var hashed = new HashedCodes(checkpoint);
        if (checkpoint is not null)
        {
            var row = new byte[sizeof(long) + ((bits + ImageCode.SignatureBits) / 8)];
            await using Stream file = await blobs.OpenReadAsync(checkpoint.Codes, cancellationToken);
            while (await file.ReadAtLeastAsync(row, row.Length, throwOnEndOfStream: false, cancellationToken) == row.Length)
            {
                hashed.Codes[BinaryPrimitives.ReadInt64LittleEndian(row)] = new ItemCode(
                    BinaryCode.FromBytes(row.AsSpan(sizeof(long), bits / 8)), BinaryCode.FromBytes(row.AsSpan(sizeof(long) + (bits / 8))));
            }
        }

        return hashed;
    }

    /// <summary>Keeps the codes for a later turn.</summary>
    public async Task WriteAsync(BlobStore blobs, JobRun run, CancellationToken cancellationToken)
    {
        using var file = new MemoryStream();
        var number = new byte[sizeof(long)];
        foreach ((long item, ItemCode code) in Codes)
        {
            BinaryPrimitives.WriteInt64LittleEndian(number, item);
            file.Write(number);
            file.Write(code.Code.ToBytes());
            file.Write(code.Signature.ToBytes());
        }

        file.Position = 0;
        BlobInfo blob = await blobs.SpoolAsync(file, "codes", long.MaxValue, cancellationToken);
        long? old = checkpoint?.Codes;
        checkpoint = new EvaluationCheckpoint(blob.Id);
        await run.WriteAsync(
            (context, progress, token) =>
            {
                progress.SetCheckpoint(checkpoint);
                return context.Blobs.Where(b => b.Id == blob.Id).ExecuteUpdateAsync(set => set.SetProperty(b => b.JobId, run.Id), token);
            },
            cancellationToken);
        if (old is { } replaced)
        {
            await blobs.DeleteAsync(replaced, cancellationToken);
        }
    }
}

/// <summary>Where an evaluation goes on.</summary>
/// <param name="Codes">The file of the codes so far.</param>
internal sealed record EvaluationCheckpoint(long Codes);
