"""What `thongquan demo` does: a customs office at work on a folder of messages.

Every sub-folder tells one story: an original declaration, perhaps messages that follow it, perhaps the notices that
another system answered with. Each story is lodged, driven through every act that its facts open to the end, and its
taxes are held against the notice where there is one. Nothing is special about a demonstration but the people, who are
invented, and that a follow-up may name its declaration by the number of the system that it was written for.
"""
