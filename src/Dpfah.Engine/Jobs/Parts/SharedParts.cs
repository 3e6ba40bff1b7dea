namespace Dpfah.Engine.Jobs.Parts;

/// <summary>Computes the parts of one run of a job: here, and those that wait for this node on other nodes that have nothing better to do.</summary>
/// <remarks>Safe for many parts at once. What comes of them is the same wherever they are computed, and is for the caller to put in order.</remarks>
internal sealed class SharedParts(PartBoard board, JobRun run) : IDisposable
{
    /// <summary>Parts that this node computes at once: enough for its encoder to have work while one ends and another begins.</summary>
    public const int PartsHere = 4;

    private readonly SemaphoreSlim here = new(PartsHere);
    private long offered;

    /// <summary>Whether there are other nodes.</summary>
    public Task<bool> HasOthersAsync(CancellationToken cancellationToken) => board.HasOthersAsync(cancellationToken);

    /// <summary>Computes a part.</summary>
    /// <param name="input">What another node has to know of it: JSON of the kind's own.</param>
    /// <param name="compute">Computes it here.</param>
    /// <param name="adopt">Takes what another node has computed; false when it is of no use, then it is computed here.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task ComputeAsync(string input, Func<Task> compute, Func<byte[], bool> adopt, CancellationToken cancellationToken)
    {
        if (!await here.WaitAsync(TimeSpan.Zero, cancellationToken))
        {
            long number = Interlocked.Increment(ref offered);
            bool isOffered = await board.OfferAsync(run, number, input, cancellationToken);
            await here.WaitAsync(cancellationToken);
            bool isHere = false;
            try
            {
                isHere = !isOffered || await board.TakeBackAsync(run, number, cancellationToken);
            }
            finally
            {
                if (!isHere)
                {
                    here.Release();
                }
            }

            if (!isHere)
            {
                if (await board.ResultAsync(run, number, cancellationToken) is { } output && adopt(output))
                {
                    return;
                }

                await here.WaitAsync(cancellationToken);
            }
        }

        try
        {
            await compute();
        }
        finally
        {
            here.Release();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => here.Dispose();
}
