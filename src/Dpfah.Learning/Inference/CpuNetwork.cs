namespace Dpfah.Learning.Inference;

/// <summary>
/// ResNet18 with parameter-free attention, for inference on the CPU without libtorch. A picture gets the same feature, bit for bit,
/// alone or in any batch, on any number of threads, with vectors of any width.
/// </summary>
/// <param name="weights">Weights.</param>
/// <param name="again">
/// Gives the weights again, for pictures of another size; null to keep them in memory. They are packed for one size of pictures, and a service's
/// all have one.
/// </param>
/// <remarks>
/// <para>Of a batch up to eight pictures at a time go through the network, layer by layer: weights that do not fit into a cache are
/// read once for all of them, and their maps still fit.</para>
/// <para>Buffers and packed weights are those of the size of the last pictures. Safe from many threads, which take turns.</para>
/// </remarks>
internal sealed unsafe class CpuNetwork(NetworkWeights weights, Func<NetworkWeights>? again = null) : IDisposable
{
    /// <summary>Most pictures that go through the network at a time.</summary>
    public const int Group = 8;

    private readonly Lock gate = new();
    private NetworkWeights? unpacked = weights;
    private NetworkPlan? plan;
    private ThreadTeam? team;
    private bool isDisposed;

    /// <summary>Runs pictures through the network.</summary>
    /// <param name="output">What is wanted of it.</param>
    /// <param name="images">Normalised pictures, (pictures, 3, H, W).</param>
    /// <param name="pictures">How many.</param>
    /// <param name="height">H.</param>
    /// <param name="width">W.</param>
    /// <param name="threads">Threads to compute on, at least 1.</param>
    /// <param name="results">Takes what is wanted.</param>
    /// <exception cref="ObjectDisposedException">The network was disposed of.</exception>
    public void Run(
        NetworkOutput output, ReadOnlySpan<float> images, int pictures, int height, int width, int threads, Span<float> results)
    {
        lock (gate)
        {
            ObjectDisposedException.ThrowIf(isDisposed, this);
            NetworkPlan current = Plan(Math.Min(pictures, Group), height, width, threads);
            int picture = images.Length / pictures, result = results.Length / pictures;
            fixed (float* from = images)
            fixed (float* to = results)
            {
                for (int start = 0; start < pictures; start += Group)
                {
                    current.Run(
                        output, Math.Min(Group, pictures - start), from + ((nint)start * picture), to + ((nint)start * result), team!);
                }
            }
        }
    }

    /// <summary>Ends the threads.</summary>
    public void Dispose()
    {
        lock (gate)
        {
            isDisposed = true;
            team?.Dispose();
            (team, plan) = (null, null);
        }
    }

    private NetworkPlan Plan(int pictures, int height, int width, int threads)
    {
        if (team?.Threads != threads)
        {
            team?.Dispose();
            team = new ThreadTeam(threads);
        }

        if (plan is null || !plan.Fits(height, width))
        {
            plan = null;                                        // its memory, before other memory is taken
            unpacked ??= again!();
            plan = new NetworkPlan(unpacked, height, width);
            unpacked = again is null ? unpacked : null;
        }

        plan.MakeRoom(pictures, threads);
        return plan;
    }
}
