using System.Diagnostics;

namespace Dpfah.FunctionalTests.Hosting;

/// <summary>Asks again and again until an answer is as it should become.</summary>
internal static class Eventually
{
    private static readonly TimeSpan DefaultPatience = TimeSpan.FromSeconds(60);

    // What takes longer is asked for less often: a dozen tests that ask fifty times a second leave little to those that are asked.
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(2), Often = TimeSpan.FromMilliseconds(20), Seldom = TimeSpan.FromMilliseconds(100);

    /// <summary>Asks until the condition holds.</summary>
    /// <param name="ask">Asks.</param>
    /// <param name="isWanted">The condition.</param>
    /// <param name="tell">The last answer for the message; its own text if null.</param>
    /// <param name="patience">How long to ask; a minute unless set.</param>
    /// <exception cref="TimeoutException">It did not come to hold in time; the message has the last answer.</exception>
    public static async Task<T> BecomesAsync<T>(Func<Task<T>> ask, Func<T, bool> isWanted, Func<T, string>? tell = null, TimeSpan? patience = null)
    {
        var clock = Stopwatch.StartNew();
        T answer;
        do
        {
            answer = await ask();
            if (isWanted(answer))
            {
                return answer;
            }

            await Task.Delay(clock.Elapsed < Soon ? Often : Seldom);
        }
        while (clock.Elapsed < (patience ?? DefaultPatience));

        throw new TimeoutException($"The last answer was: {(tell is null ? answer : tell(answer))}");
    }
}
