using Dpfah.Engine.Data;
using Dpfah.Engine.Jobs;
using Microsoft.EntityFrameworkCore;

namespace Dpfah.Engine.Imports;

/// <summary>Imports entries that may have been at work in a process that was lost, few at a time.</summary>
/// <remarks>
/// A picture may end the process, where a library of native code has a fault. When a process was lost, the pictures that may have been at
/// work are taken a few at a time; when that loses another, one by one; and the one at which two more are lost is refused. An attempt
/// that failed in any other way, with the database away or the disk full, counts for nothing here.
/// </remarks>
internal sealed class SlowImport(Database database, ImportPipeline pipeline)
{
    /// <summary>Processes that are lost at one entry, at work on nothing else, before it is refused.</summary>
    public const int MaxLostAtOne = 2;

    /// <summary>Pictures that have ended processes, after which an upload is given up.</summary>
    private const int MaxRefused = 5;

    private const int Few = 50;

    /// <summary>Runs until all that may have been at work is written, or the upload ends.</summary>
    /// <param name="run">The import.</param>
    /// <param name="request">What was asked for.</param>
    /// <param name="from">Where it goes on, and how.</param>
    /// <param name="entries">Moved on.</param>
    /// <param name="write">Writes entries.</param>
    /// <param name="cancellationToken">Stops.</param>
    public async Task RunAsync(
        JobRun run,
        ImportRequest request,
        ImportCheckpoint from,
        IAsyncEnumerator<ImportEntry> entries,
        Func<IReadOnlyList<PreparedEntry>, Task> write,
        CancellationToken cancellationToken)
    {
        (int atOnce, int most) = from.Pace == ImportPace.Single ? (1, Few) : (Few, ImportPipeline.MostAtWork);
        bool isSuspect = from.Lost >= MaxLostAtOne;
        var some = new List<ImportEntry>(atOnce);
        for (int i = 0; i < most && await MoveAsync(entries); i++)
        {
            some.Add(i == 0 && isSuspect ? await RefuseAsync(run, entries.Current, cancellationToken) : entries.Current);
            if (some.Count == atOnce)
            {
                await WriteSomeAsync();
            }
        }

        await WriteSomeAsync();

        async Task WriteSomeAsync()
        {
            if (some.Count > 0)
            {
                await write(await Task.WhenAll(
                    some.Select(entry => pipeline.PrepareAsync(entry, run.CollectionId!.Value, request.DryRun, cancellationToken))));
                some.Clear();
            }
        }
    }

    private async Task<ImportEntry> RefuseAsync(JobRun run, ImportEntry entry, CancellationToken cancellationToken)
    {
        int refused = await database.ReadAsync(
            (context, token) => context.JobRejections.CountAsync(r => r.JobId == run.Id && r.Code == RejectionCodes.LostProcess, token), cancellationToken);
        return refused < MaxRefused
            ? ImportEntry.Rejected(
                entry.Item,
                entry.Id,
                RejectionCodes.LostProcess,
                "The service's process was lost twice while it was at work on this picture alone. The file may be made to harm it: keep it, and tell who maintains the service.")
            : throw new JobFailedException(
                $"{refused} pictures of the upload ended the service's process (GET /jobs/{run.Id}/errors names them), and the next does: the rest was given up.");
    }

    private static async Task<bool> MoveAsync(IAsyncEnumerator<ImportEntry> entries)
    {
        try
        {
            return await entries.MoveNextAsync();
        }
        catch (InvalidDataException error)
        {
            throw new UnreadableUploadException(error.Message, error);
        }
    }
}
