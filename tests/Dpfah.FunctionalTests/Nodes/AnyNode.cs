using System.Net;
using Dpfah.FunctionalTests.Hosting;

namespace Dpfah.FunctionalTests.Nodes;

/// <summary>A caller of a service of three nodes: what one node does not answer is asked of the next, as a balancer does.</summary>
/// <param name="nodes">The nodes.</param>
/// <param name="patience">How long it goes on to ask.</param>
internal sealed class AnyNode(ThreeNodes nodes, TimeSpan patience)
{
    private int next;
    private int retried;

    /// <summary>Requests that were sent again.</summary>
    public int Retried => retried;

    /// <summary>Asks one node after the other until one answers with another status than 503 or 502.</summary>
    /// <exception cref="TimeoutException">None did.</exception>
    public async Task<Answer> AskAsync(Func<ApiClient, Task<Answer>> ask)
    {
        using var end = new CancellationTokenSource(patience);
        string last = "";
        while (true)
        {
            int node = (Interlocked.Increment(ref next) % ThreeNodes.Count) + 1;
            try
            {
                Answer answer = await ask(nodes[node]).WaitAsync(TimeSpan.FromSeconds(10));
                if (answer.Status is not (HttpStatusCode.ServiceUnavailable or HttpStatusCode.BadGateway))
                {
                    return answer;
                }

                last = $"node {node}: {answer.Text}";
            }
            catch (Exception error) when (error is HttpRequestException or IOException or TimeoutException)
            {
                last = $"node {node}: {error.Message}";
            }

            Interlocked.Increment(ref retried);
            if (end.IsCancellationRequested)
            {
                throw new TimeoutException($"No node has answered within {patience.TotalSeconds:0} s; the last one, {last}");
            }

            await Task.Delay(TimeSpan.FromMilliseconds(20));
        }
    }
}
